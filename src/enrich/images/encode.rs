//! Flat pictures to files, without any metadata: the same pixels always give the same bytes.

use crate::enrich::images::colour::Raster;
use crate::enrich::images::refusal::Refusal;
use crate::enrich::images::settings::Format;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};

/// Writes a picture; `quality` counts for JPEG only.
pub fn encode(raster: &Raster, format: Format, quality: u8) -> Result<Vec<u8>, Refusal> {
    let failed = |what: &dyn std::fmt::Display| Refusal::damaged(&what.to_string());
    let mut out = Vec::with_capacity(raster.samples.len() / 8);
    let (width, height) = (raster.width, raster.height);
    match format {
        Format::Jpeg => {
            let (Ok(width), Ok(height)) = (u16::try_from(width), u16::try_from(height)) else {
                return Err(Refusal::size("a side of more than 65,535 pixels".into()));
            };
            jpeg_encoder::Encoder::new(&mut out, quality.clamp(1, 100))
                .encode(&raster.samples, width, height, jpeg_encoder::ColorType::Rgb)
                .map_err(|error| failed(&error))?;
        }
        Format::Png => PngEncoder::new_with_quality(&mut out, CompressionType::Default, FilterType::Adaptive)
            .write_image(&raster.samples, width, height, ExtendedColorType::Rgb8)
            .map_err(|error| failed(&error))?,
        Format::Webp => WebPEncoder::new_lossless(&mut out)
            .write_image(&raster.samples, width, height, ExtendedColorType::Rgb8)
            .map_err(|error| failed(&error))?,
    }
    Ok(out)
}
