//! Compound files (MS-CFB, 2021): the container of Excel's old workbooks, of which one stream is read.
//!
//! Chains are followed no further than the file has sectors, so that loops end.

/// Marks in the allocation table from which on a number is no sector.
const NO_SECTOR: u32 = 0xffff_fffa;

/// A compound file in memory.
pub struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    table: Vec<u32>,
    entries: Vec<Entry>,
    mini: Vec<u8>,
    mini_table: Vec<u32>,
    mini_limit: u64,
}

struct Entry {
    name: String,
    start: u32,
    size: u64,
}

impl<'a> Compound<'a> {
    /// Reads the tables. The error says what is wrong.
    pub fn read(bytes: &'a [u8]) -> Result<Compound<'a>, &'static str> {
        let head = bytes.get(..512).ok_or("its header is cut off")?;
        let sector = match u16_at(head, 30) {
            9 => 512,
            12 => 4096,
            _ => return Err("its sectors have an unknown size"),
        };
        let mut file = Compound {
            bytes,
            sector,
            table: Vec::new(),
            entries: Vec::new(),
            mini: Vec::new(),
            mini_table: Vec::new(),
            mini_limit: u32_at(head, 56) as u64,
        };
        let most = bytes.len() / sector + 1;
        // The first 109 places of the table stand in the header, the others in a chain of their own.
        let mut places: Vec<u32> = (0..109).map(|n| u32_at(head, 76 + n * 4)).collect();
        let mut next = u32_at(head, 68);
        let mut steps = 0;
        while next < NO_SECTOR && steps < most {
            let data = file.sector_at(next).ok_or("a sector lies outside of it")?;
            places.extend(data[..sector - 4].chunks_exact(4).map(|chunk| u32_at(chunk, 0)));
            next = u32_at(data, sector - 4);
            steps += 1;
        }
        for place in places.into_iter().filter(|place| *place < NO_SECTOR).take(most) {
            let data = file.sector_at(place).ok_or("a sector lies outside of it")?;
            file.table.extend(data.chunks_exact(4).map(|chunk| u32_at(chunk, 0)));
        }
        let directory = file
            .chain(u32_at(head, 48), u64::MAX)
            .ok_or("its directory is damaged")?;
        for entry in directory.chunks_exact(128) {
            let len = (u16_at(entry, 64) as usize).saturating_sub(2).min(62);
            let units = entry[..len].chunks_exact(2).map(|unit| u16_at(unit, 0));
            let name = char::decode_utf16(units).filter_map(Result::ok).collect();
            file.entries.push(Entry {
                name,
                start: u32_at(entry, 116),
                size: u32_at(entry, 120) as u64,
            });
        }
        let root = file.entries.first().ok_or("its directory is empty")?;
        let (start, size) = (root.start, root.size);
        file.mini = if start < NO_SECTOR {
            file.chain(start, size).unwrap_or_default()
        } else {
            Vec::new()
        };
        let table = file.chain(u32_at(head, 60), u64::MAX).unwrap_or_default();
        file.mini_table = table.chunks_exact(4).map(|chunk| u32_at(chunk, 0)).collect();
        Ok(file)
    }

    /// Whether there is a stream or folder of that name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// The content of a stream, by its name in any folder.
    pub fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self
            .entries
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name))?;
        if entry.size >= self.mini_limit {
            return self.chain(entry.start, entry.size);
        }
        let mut out = Vec::new();
        let mut next = entry.start;
        while (out.len() as u64) < entry.size {
            let at = (next as usize).checked_mul(64)?;
            out.extend_from_slice(self.mini.get(at..at + 64)?);
            if out.len() > self.mini.len() {
                return None;
            }
            next = *self.mini_table.get(next as usize)?;
        }
        out.truncate(entry.size as usize);
        Some(out)
    }

    fn sector_at(&self, number: u32) -> Option<&'a [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(self.sector)?;
        self.bytes.get(start..start.checked_add(self.sector)?)
    }

    fn chain(&self, start: u32, size: u64) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut next = start;
        while next < NO_SECTOR && (out.len() as u64) < size {
            match self.sector_at(next) {
                Some(data) => out.extend_from_slice(data),
                // The last sector of a file may be cut short.
                None => {
                    let start = (next as usize).checked_add(1)?.checked_mul(self.sector)?;
                    out.extend_from_slice(self.bytes.get(start..).filter(|rest| !rest.is_empty())?);
                }
            }
            if out.len() > self.bytes.len() + self.sector {
                return None;
            }
            next = *self.table.get(next as usize)?;
        }
        if size != u64::MAX {
            out.truncate(size as usize);
        }
        Some(out)
    }
}

/// Little-endian numbers; 0 where the bytes end.
pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..at + 2)
        .map_or(0, |part| u16::from_le_bytes([part[0], part[1]]))
}

pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .map_or(0, |part| u32::from_le_bytes([part[0], part[1], part[2], part[3]]))
}

pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u32_at(bytes, at) as u64 | (u32_at(bytes, at + 4) as u64) << 32
}
