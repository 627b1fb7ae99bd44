//! Where deliveries come from: folders, packed files, the archive of what was applied, addresses.

use crate::corner::{bare_shop, codes, of_supplier, supplier, tally, value};
use crate::support::Shop;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

const LIST: &str = "sku;name;price\nA;Uno;1.00\nB;Dos;2.00\n";

#[test]
fn a_folder_is_one_delivery() {
    let shop = bare_shop();
    supplier(&shop, "norte", "", LIST);
    shop.edit("suppliers/norte/supplier.toml", "list.csv", "drop");
    shop.run(&["import", "norte"]).ended(3);
    shop.write("suppliers/norte/drop/b/two.csv", "sku;name;price\nB;Dos;2.00\n");
    shop.write("suppliers/norte/drop/one.csv", "sku;name;price\nA;Uno;1.00\n");
    shop.write("suppliers/norte/drop/terms.pdf", "%PDF-1.4");
    let told = shop.done(&["import", "norte", "--apply", "--json"]).json();
    assert_eq!(tally(&told), "2 new");
    let files: Vec<&str> = told["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|file| file["path"].as_str())
        .collect();
    assert_eq!(
        files,
        ["suppliers/norte/drop/b/two.csv", "suppliers/norte/drop/one.csv"]
    );
    assert_eq!(codes(&told), ["I-FILE-LEFT-OUT"]);
    assert_eq!(told["diagnostics"][0]["file"], "suppliers/norte/drop/terms.pdf");
    // The same folder, named by hand; and one that brings nothing.
    let again = shop.done(&["import", "norte", "suppliers/norte/drop", "--json"]).json();
    assert_eq!(tally(&again), "2 unchanged");
    shop.write("empty/picture.png", "\u{89}PNG");
    let refused = shop.run(&["import", "norte", "empty", "--json"]).ended(3).json();
    assert_eq!(codes(&refused), ["E-FOLDER-FEEDS"]);
    let checked = shop.done(&["supplier", "check", "norte", "--json"]).json();
    assert_eq!(checked["findings"]["I-FILE-LEFT-OUT"], 1, "{checked:#}");
}

/// A pipe that nobody writes into and a device without end are refused like any other that is no feed, and at once.
#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_refused_at_once() {
    let shop = bare_shop();
    supplier(&shop, "norte", "", LIST);
    let made = Command::new("mkfifo").arg(shop.path("list.fifo")).status();
    assert!(made.expect("mkfifo is there").success());
    for (name, also) in [
        ("list.fifo", "suppliers/norte/list.csv"),
        ("suppliers/norte/list.csv", "/dev/zero"),
    ] {
        let mut command = shop.command(&["import", "norte", name, also, "--json"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let begun = Instant::now();
        while child.try_wait().expect("it is ours").is_none() {
            if begun.elapsed() > Duration::from_secs(30) {
                child.kill().expect("it is ours");
                child.wait().expect("it is ours");
                panic!("{name} {also} is waited for");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let answer = child.wait_with_output().expect("it has ended");
        assert_eq!(answer.status.code(), Some(3));
        let told: serde_json::Value = serde_json::from_slice(&answer.stdout).expect("one document");
        assert_eq!(codes(&told), ["E-FILE-UNREADABLE"], "{told:#}");
    }
}

/// A zstd file of one block that is stored as it is, with the length of its content (RFC 8878, 3.1.1).
fn zstd(text: &str) -> Vec<u8> {
    let size = u32::try_from(text.len()).unwrap();
    let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    packed.extend(size.to_le_bytes());
    packed.extend(&(1 | size << 3).to_le_bytes()[..3]);
    packed.extend(text.as_bytes());
    packed
}

#[test]
fn a_zstd_file_is_read_and_a_broken_one_refused() {
    let shop = bare_shop();
    supplier(&shop, "norte", "", LIST);
    let packed = zstd(LIST);
    shop.write("list.csv.zst", &packed);
    assert_eq!(
        tally(&shop.done(&["import", "norte", "list.csv.zst", "--json"]).json()),
        "2 new"
    );
    let refused = |content: &[u8]| {
        shop.write("other.zst", content);
        codes(&shop.run(&["import", "norte", "other.zst", "--json"]).ended(3).json())
    };
    assert_eq!(refused(&packed[..packed.len() - 3]), ["E-FILE-TRUNCATED"]);
    assert_eq!(refused(&[&packed[..], b"x"].concat()), ["E-FILE-TRUNCATED"]);
    assert_eq!(refused(&[&packed[..], b"rubbish"].concat()), ["E-ZSTD-DAMAGED"]);
    let mut lying = packed.clone();
    lying[5] += 1;
    assert_eq!(refused(&lying), ["E-ZSTD-DAMAGED"]);
    assert_eq!(refused(&zstd("PK\u{3}\u{4}rest of an archive")), ["E-ARCHIVE-NESTED"]);
    // What another program packs, where it is there.
    shop.write("wide.csv", LIST.replace("Uno", &"Uno ".repeat(2_000)));
    let zstd = Command::new("zstd")
        .args(["-q", "wide.csv"])
        .current_dir(shop.folder())
        .status();
    if zstd.is_ok_and(|status| status.success()) {
        assert_eq!(
            tally(&shop.done(&["import", "norte", "wide.csv.zst", "--json"]).json()),
            "2 new"
        );
    }
    assert_eq!(value(&shop_after(&shop), "A", "name").as_deref(), Some("Uno"));
}

/// The shop once the packed list is applied.
fn shop_after(shop: &Shop) -> Shop {
    let twin = shop.twin();
    twin.done(&["import", "norte", "list.csv.zst", "--apply"]);
    twin
}

/// The names of what the archive holds.
fn kept(shop: &Shop) -> Vec<String> {
    let files = shop.files(".estante/deliveries").into_keys();
    files
        .map(|name| name.rsplit('/').next().unwrap_or_default().to_owned())
        .collect()
}

/// A shop whose supplier names its products by a column that the first delivery has beside another.
fn shop_with_two_names() -> Shop {
    let shop = bare_shop();
    supplier(
        &shop,
        "norte",
        "",
        "sku;name;title;price\nA;Uno;One;1.00\nB;Dos;Two;2.00\n",
    );
    shop
}

#[test]
fn the_tables_of_a_delivery_are_kept_with_it() {
    let shop = bare_shop();
    shop.write("suppliers/norte/list.csv", "sku;price;ref\nA;10.00;r1\nB;20.00;r2\n");
    shop.write("suppliers/norte/names[1].csv", "id;name\nr1;Uno\nr2;Dos\n");
    shop.write(
        "suppliers/norte/supplier.toml",
        "name = \"Norte\"\n[file]\npath = [\"list.csv\"]\n[file.joined.names]\npath = [\"names[[]1].csv\"]\n\
         on = [\"ref\"]\nkey = [\"id\"]\n\
         [read]\ncurrency = \"EUR\"\n[fields]\nsku = { column = \"sku\" }\nname = { column = \"names:name\" }\nprice = { column = \"price\" }\n",
    );
    let first = shop.done(&["import", "norte", "--apply", "--json"]).json();
    let files = first["files"].as_array().expect("files are listed");
    assert_eq!(files.len(), 2, "{files:?}");
    assert_eq!(
        (&files[1]["path"], &files[1]["table"]),
        (&"suppliers/norte/names[1].csv".into(), &"names".into())
    );
    assert_eq!(kept(&shop).len(), 2);
    // Another day, other names; the table alone is news.
    shop.write("suppliers/norte/names[1].csv", "id;name\nr1;One\nr2;Dos\n");
    let second = shop.done(&["import", "norte", "--apply", "--json"]).json();
    assert_eq!(tally(&second), "1 changed, 1 unchanged");
    std::fs::remove_file(shop.path("suppliers/norte/names[1].csv")).expect("it is there");
    shop.run(&["import", "norte"]).ended(3);
    let again = shop
        .done(&["import", "norte", "--again", "1", "--apply", "--json"])
        .json();
    assert_eq!(tally(&again), "1 changed, 1 unchanged");
    assert_eq!(value(&shop, "A", "name").as_deref(), Some("Uno"));
    assert_eq!(again["files"][1]["path"], "suppliers/norte/names[1].csv");
    assert!(shop.files(".estante/again").is_empty(), "nothing passing stays");
    let told = shop.done(&["log", "1"]).out;
    assert!(told.contains("names[1].csv (looked up as `names`)"), "{told}");
    // It goes with its batch.
    let settings = shop.read("estante.toml");
    shop.write("estante.toml", format!("{settings}\n[deliveries]\nkeep = 1\n"));
    shop.write("suppliers/norte/names[1].csv", "id;name\nr1;Eins\nr2;Zwei\n");
    shop.done(&["import", "norte", "--apply"]);
    assert_eq!(kept(&shop).len(), 2);
    let refused = shop.run(&["import", "norte", "--again", "1"]).ended(2).err;
    assert!(refused.contains("is not kept"), "{refused}");
}

#[test]
fn an_applied_delivery_is_kept_and_read_again_under_another_mapping() {
    let shop = shop_with_two_names();
    shop.done(&["import", "norte"]);
    let hash = blake3::hash(&shop.bytes("suppliers/norte/list.csv"))
        .to_hex()
        .to_string();
    assert_eq!(kept(&shop), [format!("{hash}.gz")], "a plan keeps what it was made of");
    shop.run(&["import", "norte", "--again"]).ended(2);
    // Applied when the file is gone.
    std::fs::remove_file(shop.path("suppliers/norte/list.csv")).unwrap();
    let applied = shop.done(&["apply", "p1", "--json"]).json();
    assert_eq!(applied["files"][0]["blake3"], hash);
    shop.run(&["import", "norte"]).ended(3);
    // The supplier's settings change, the file is the one of then.
    shop.edit(
        "suppliers/norte/supplier.toml",
        "name = { column = \"name\"",
        "name = { column = \"title\"",
    );
    let planned = shop.done(&["import", "norte", "--again", "--json"]).json();
    assert_eq!(tally(&planned), "2 changed");
    assert_eq!(planned["files"][0]["path"], "suppliers/norte/list.csv");
    assert_eq!(
        value(&shop, "A", "name").as_deref(),
        Some("Uno"),
        "it is a plan like any other"
    );
    let again = shop
        .done(&["import", "norte", "--again", "1", "--apply", "--json"])
        .json();
    assert_eq!(
        (&again["batch"], tally(&again)),
        (&serde_json::json!(2), "2 changed".to_owned())
    );
    assert_eq!(value(&shop, "A", "name").as_deref(), Some("One"));
    assert!(shop.files(".estante/again").is_empty(), "nothing passing stays");
    // Nor does what a killed process left; what another has in use does.
    shop.write(".estante/downloads/p7/0/list.csv", "sku");
    shop.write(".estante/again/p8-norte-1-0/lock", "");
    let used = shop.path(".estante/again/p9-norte-1-0");
    std::fs::create_dir_all(&used).unwrap();
    let lock = std::fs::File::create(used.join("lock")).unwrap();
    lock.lock().unwrap();
    shop.done(&["import", "norte", "--again", "1"]);
    assert!(shop.files(".estante/downloads").is_empty());
    let left: Vec<String> = shop.files(".estante/again").into_keys().collect();
    assert_eq!(left, [".estante/again/p9-norte-1-0/lock"]);
    drop(lock);
    // What is taken back can be read again too.
    shop.done(&["undo", "2"]);
    assert_eq!(
        tally(&shop.done(&["import", "norte", "--again", "--json"]).json()),
        "2 changed"
    );
    for args in [["--again", "9"], ["--again", "x"], ["list.csv", "--again"]] {
        shop.run(&[&["import", "norte"][..], &args].concat()).ended(2);
    }
}

#[test]
fn a_damaged_delivery_is_found() {
    let shop = shop_with_two_names();
    shop.done(&["import", "norte", "--apply"]);
    assert_eq!(shop.done(&["verify", "--json"]).json()["deliveries"], 1);
    let (name, _) = shop.files(".estante/deliveries").pop_first().unwrap();
    shop.write(&name, "rubbish");
    let found = shop.run(&["verify", "--json"]).ended(1).json();
    assert!(found["faults"].to_string().contains(&name), "{found:#}");
    assert!(
        shop.run(&["import", "norte", "--again"])
            .ended(1)
            .err
            .contains("verify")
    );
}

/// Nobody sees a plan whose delivery could not be kept.
#[test]
fn a_plan_waits_once_its_delivery_is_kept() {
    let shop = shop_with_two_names();
    shop.write(".estante/deliveries", "in the way");
    let refused = shop.run(&["import", "norte"]).ended(1).err;
    assert!(refused.contains("failed to keep the delivery"), "{refused}");
    assert!(shop.files(".estante/plans").is_empty());
    std::fs::remove_file(shop.path(".estante/deliveries")).unwrap();
    assert_eq!(shop.done(&["import", "norte", "--json"]).json()["plan"], "p1");
    // One that another process is about to show keeps what it was made of, and what is long given up goes.
    shop.write(".estante/plans/p2.made", shop.bytes(".estante/plans/p1.plan"));
    shop.write(".estante/plans/p3.part", "half");
    let part = std::fs::File::options()
        .write(true)
        .open(shop.path(".estante/plans/p3.part"))
        .unwrap();
    part.set_modified(SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60))
        .unwrap();
    let first = kept(&shop);
    shop.done(&["apply", "p1"]);
    for n in 0..12 {
        shop.write(
            "suppliers/norte/list.csv",
            format!("sku;name;title;price\nA;Uno {n};One;1.00\n"),
        );
        shop.done(&["import", "norte", "--apply"]);
    }
    assert_eq!(kept(&shop).iter().filter(|name| first.contains(name)).count(), 1);
    let plans: Vec<String> = shop.files(".estante/plans").into_keys().collect();
    assert_eq!(plans, [".estante/plans/p2.made"]);
}

#[test]
fn a_discarded_plan_keeps_nothing() {
    let shop = shop_with_two_names();
    shop.done(&["import", "norte"]);
    shop.edit("suppliers/norte/list.csv", "Uno", "Una");
    shop.done(&["import", "norte"]);
    assert_eq!(kept(&shop).len(), 2);
    shop.done(&["plan", "discard", "p2"]);
    assert_eq!(kept(&shop).len(), 1);
    assert_eq!(tally(&shop.done(&["apply", "p1", "--json"]).json()), "2 new");
    assert_eq!(
        tally(&shop.done(&["import", "norte", "--again", "--json"]).json()),
        "2 unchanged"
    );
}

#[test]
fn as_many_deliveries_are_kept_as_the_settings_say() {
    let list = |n: usize| format!("sku;name;title;price\nA;Uno {n};One;1.00\n");
    for (keep, expected) in [
        ("", 4),
        ("[deliveries]\nkeep = 2\n", 2),
        ("[deliveries]\nkeep = 0\n", 0),
    ] {
        let shop = shop_with_two_names();
        shop.write("estante.toml", format!("{}{keep}", shop.read("estante.toml")));
        supplier(&shop, "sur", "", "sku;name;price\nS;Ese;1.00\n");
        shop.done(&["import", "sur", "--apply"]);
        for n in 0..4 {
            shop.write("suppliers/norte/list.csv", list(n));
            shop.done(&["import", "norte", "--apply"]);
        }
        // The same file again makes no batch and keeps nothing more.
        assert_eq!(
            shop.done(&["import", "norte", "--apply", "--json"]).json()["batch"],
            serde_json::Value::Null
        );
        let others = usize::from(expected > 0);
        assert_eq!(
            kept(&shop).len(),
            expected + others,
            "{keep}: each supplier has its own"
        );
        let first = shop.run(&["import", "norte", "--again", "2"]);
        assert_eq!(first.code, Some(if expected == 4 { 0 } else { 2 }), "{}", first.err);
        if expected == 2 {
            assert_eq!(
                tally(&shop.done(&["import", "norte", "--again", "4", "--json"]).json()),
                "1 changed"
            );
        }
    }
}

/// What is packed already is kept as it came; a corrected file of rejected rows stays a part of a delivery when it is read again.
#[test]
fn packed_files_and_parts_are_read_again_as_they_were() {
    let shop = bare_shop();
    supplier(&shop, "norte", "", LIST);
    shop.write(
        "suppliers/norte/list.csv",
        zstd("sku;name;price\nA;Uno;1.00\nB;Dos;2.00\nC;Tres;x\n"),
    );
    let told = shop.done(&["import", "norte", "--apply", "--json"]).json();
    assert_eq!(tally(&told), "2 new, 1 rejected");
    assert!(
        kept(&shop).iter().all(|name| !name.ends_with(".gz")),
        "{:?}",
        kept(&shop)
    );
    assert_eq!(
        tally(&shop.done(&["import", "norte", "--again", "--json"]).json()),
        "2 unchanged, 1 rejected"
    );
    let (rejects, _) = shop.files(".estante/rejects").pop_first().unwrap();
    shop.edit(&rejects, ";x", ";3.00");
    assert_eq!(
        tally(&shop.done(&["import", "norte", &rejects, "--apply", "--json"]).json()),
        "1 new"
    );
    // The last delivery is what the supplier sent, whatever came back of it.
    let again = shop.done(&["import", "norte", "--again", "--json"]).json();
    assert_eq!(tally(&again), "2 unchanged, 1 rejected");
    assert_eq!(again["files"][0]["path"], "suppliers/norte/list.csv");
    shop.edit(
        "suppliers/norte/supplier.toml",
        "stock = {",
        "size = { column = \"name\" }\nstock = {",
    );
    let again = shop.done(&["import", "norte", "--again", "2", "--json"]).json();
    assert_eq!(
        (tally(&again), &again["missing"]),
        ("1 changed".to_owned(), &serde_json::json!(0))
    );
}

/// A server on this machine; gives its port and the requests it got. Any path is answered with the list under its tag, but for those
/// that say what they do.
fn server(list: &Arc<Mutex<(String, String)>>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (asks, list) = (asked.clone(), list.clone());
    std::thread::spawn(move || {
        let mut waiting = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
            asks.lock().unwrap().push(request.clone());
            let path = request.split([' ', '?']).nth(1).unwrap_or_default().to_owned();
            let (tag, body) = list.lock().unwrap().clone();
            let answer = |status: &str, head: &str, body: &str| {
                format!(
                    "HTTP/1.1 {status}\r\nConnection: close\r\n{head}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            };
            let answer = match path.as_str() {
                "/moved.csv" => answer("302 Found", "Location: list.csv\r\n", ""),
                "/round.csv" => answer("302 Found", "Location: /round.csv\r\n", ""),
                "/none.csv" => answer("404 Not Found", "", "no such list"),
                // Kept open, and never answered.
                "/slow.csv" => {
                    waiting.push(stream);
                    continue;
                }
                "/cut.csv" => answer("200 OK", "", &body).replace("Length: ", "Length: 9"),
                "/login.csv" if !request.contains("authorization: basic bwu6d29yza==") => {
                    answer("401 Unauthorized", "", "")
                }
                path if path.starts_with("/to/") => answer(
                    "302 Found",
                    &format!("Location: http://127.0.0.1:{}/list.csv\r\n", &path[4..]),
                    "",
                ),
                _ if request.contains(&format!("if-none-match: {tag}")) => answer("304 Not Modified", "", ""),
                _ => answer(
                    "200 OK",
                    &format!("ETag: {tag}\r\nLast-Modified: Sun, 22 Nov 2026 10:00:00 GMT\r\n"),
                    &body,
                ),
            };
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, asked)
}

/// A shop whose supplier is fetched; `more` are lines of `[file]`, `limits` of `[deliveries]`.
fn fetching(address: &str, more: &str, limits: &str) -> Shop {
    let shop = shop_with_two_names();
    let url = format!("url = [\"{address}\"]\n{more}");
    shop.edit("suppliers/norte/supplier.toml", "path = [\"list.csv\"]", &url);
    shop.write(
        "estante.toml",
        format!("{}[deliveries]\n{limits}\n", shop.read("estante.toml")),
    );
    shop
}

fn tagged(tag: &str, list: &str) -> Arc<Mutex<(String, String)>> {
    Arc::new(Mutex::new((tag.to_owned(), list.to_owned())))
}

#[test]
fn a_delivery_is_fetched_and_not_sent_again_while_it_is_the_same() {
    let list = tagged("\"one\"", LIST);
    let (port, asked) = server(&list);
    let address = format!("http://127.0.0.1:{port}/moved.csv?token=s3cret");
    let shop = fetching(&address, "", &format!("allow = [\"127.0.0.1:{port}\"]"));
    let answer = shop.done(&["import", "norte", "--apply", "--json"]);
    assert!(!format!("{}{}", answer.out, answer.err).contains("s3cret"));
    let told = answer.json();
    assert_eq!(tally(&told), "2 new");
    assert_eq!(told["files"][0]["path"], format!("http://127.0.0.1:{port}/moved.csv"));
    assert_eq!(kept(&shop).len(), 1);
    // A plan remembers nothing, the same file is not sent, and is read under another mapping all the same.
    let same = shop.done(&["import", "norte", "--apply", "--json"]).json();
    assert_eq!(
        (tally(&same), codes(&same)),
        ("2 unchanged".to_owned(), vec!["I-FETCH-SAME".to_owned()])
    );
    assert_eq!(same["batch"], serde_json::Value::Null);
    let text = shop.done(&["import", "norte"]).out;
    assert!(
        text.contains("nothing new is delivered") && text.contains("nothing to change"),
        "{text}"
    );
    assert!(
        asked
            .lock()
            .unwrap()
            .last()
            .unwrap()
            .contains("if-modified-since: sun, 22 nov 2026")
    );
    shop.edit(
        "suppliers/norte/supplier.toml",
        "stock = {",
        "size = { column = \"name\" }\nstock = {",
    );
    assert_eq!(tally(&shop.done(&["import", "norte", "--json"]).json()), "2 changed");
    shop.edit("suppliers/norte/supplier.toml", "size = { column = \"name\" }\n", "");
    // Another file is.
    *list.lock().unwrap() = ("\"two\"".to_owned(), LIST.replace("Uno", "Uno más"));
    assert_eq!(
        tally(&shop.done(&["import", "norte", "--apply", "--json"]).json()),
        "1 changed, 1 unchanged"
    );
    assert_eq!(
        codes(&shop.done(&["import", "norte", "--json"]).json()),
        ["I-FETCH-SAME"]
    );
    assert_eq!(
        tally(&shop.done(&["import", "norte", "--again", "1", "--json"]).json()),
        "1 changed, 1 unchanged"
    );
    // Taken back, the one before is the last; what is not kept is sent again.
    shop.done(&["undo", "2"]);
    assert_eq!(
        tally(&shop.done(&["import", "norte", "--json"]).json()),
        "1 changed, 1 unchanged"
    );
    std::fs::remove_dir_all(shop.path(".estante/deliveries")).unwrap();
    *list.lock().unwrap() = ("\"one\"".to_owned(), LIST.to_owned());
    let sent = shop.done(&["import", "norte", "--json"]).json();
    assert_eq!((tally(&sent), codes(&sent)), ("2 unchanged".to_owned(), Vec::new()));
    let checked = shop.done(&["supplier", "check", "norte", "--json"]).json();
    assert_eq!(checked["read"], 2);
    assert!(shop.files(".estante/downloads").is_empty(), "nothing passing stays");
    let listed = shop.done(&["supplier", "list"]).out;
    assert!(listed.contains("/moved.csv") && !listed.contains("s3cret"), "{listed}");
}

/// A server has nothing new, and what stands for it is damaged: it is fetched whole, kept anew, and the others go on.
#[test]
fn a_damaged_delivery_is_fetched_again() {
    let list = tagged("\"one\"", LIST);
    let (port, asked) = server(&list);
    let address = format!("http://127.0.0.1:{port}/list.csv");
    let shop = fetching(&address, "", &format!("allow = [\"127.0.0.1:{port}\"]"));
    supplier(&shop, "sur", "", "sku;name;price\nS;Ese;1.00\n");
    shop.done(&["import", "norte", "--apply"]);
    let (name, whole) = shop.files(".estante/deliveries").pop_first().unwrap();
    shop.write(&name, &whole[..whole.len() / 2]);
    let run = shop.done(&["run", "--json"]).json();
    let told = of_supplier(&run, "norte");
    assert_eq!(
        (tally(told), codes(told)),
        ("2 unchanged".to_owned(), vec!["W-DELIVERY-DAMAGED".to_owned()])
    );
    assert_eq!(tally(of_supplier(&run, "sur")), "1 new");
    assert_eq!(
        asked.lock().unwrap().len(),
        3,
        "once with its validators, and once without"
    );
    assert_eq!(shop.bytes(&name), whole);
    let same = shop.done(&["import", "norte", "--json"]).json();
    assert_eq!(codes(&same), ["I-FETCH-SAME"]);
}

/// Rejected rows that come back are no delivery that a server is asked about.
#[test]
fn corrected_rows_do_not_make_a_server_send_all_again() {
    let list = tagged("\"one\"", "sku;name;price\nA;Uno;1.00\nB;Dos;x\n");
    let (port, _) = server(&list);
    let address = format!("http://127.0.0.1:{port}/list.csv");
    let shop = fetching(&address, "", &format!("allow = [\"127.0.0.1:{port}\"]"));
    shop.done(&["import", "norte", "--apply"]);
    let (rejects, _) = shop.files(".estante/rejects").pop_first().unwrap();
    shop.edit(&rejects, ";x", ";2.00");
    shop.done(&["import", "norte", &rejects, "--apply"]);
    let same = shop.done(&["import", "norte", "--json"]).json();
    assert!(codes(&same).contains(&"I-FETCH-SAME".to_owned()), "{same:#}");
}

/// The end of an address may be longer than the name of any file.
#[test]
fn a_fetched_delivery_is_read_again_whatever_its_address() {
    let (port, _) = server(&tagged("\"one\"", LIST));
    let address = format!("http://127.0.0.1:{port}/{}.csv", "long".repeat(100));
    let shop = fetching(&address, "", &format!("allow = [\"127.0.0.1:{port}\"]"));
    shop.done(&["import", "norte", "--apply"]);
    let again = shop.done(&["import", "norte", "--again", "--json"]).json();
    assert_eq!(
        (tally(&again), &again["files"][0]["path"]),
        ("2 unchanged".to_owned(), &address.into())
    );
}

#[test]
fn what_breaks_for_one_supplier_does_not_stop_the_others() {
    let shop = bare_shop();
    supplier(&shop, "norte", "", "sku;name;price\nA;Uno;x\n");
    supplier(&shop, "sur", "", LIST);
    // No place for rejected rows.
    shop.write(".estante/rejects/norte", "");
    let run = shop.run(&["run", "--json"]).ended(1).json();
    let told = of_supplier(&run, "norte")["error"]["message"]
        .as_str()
        .expect("it says why");
    assert!(told.starts_with("failed to write rejected rows to"), "{told}");
    assert_eq!(tally(of_supplier(&run, "sur")), "2 new");
    std::fs::remove_file(shop.path(".estante/rejects/norte")).unwrap();
    let run = shop.done(&["run", "--json"]).json();
    assert_eq!(tally(of_supplier(&run, "norte")), "1 rejected");
}

#[test]
fn what_cannot_be_fetched_is_refused_in_words_and_changes_nothing() {
    let list = tagged("\"one\"", LIST);
    let (port, asked) = server(&list);
    let allow = format!("allow = [\"127.0.0.1:{port}\"]\nseconds = 1\nmax_bytes = 1000");
    let check = |path: &str, limits: &str, expected: &str| {
        let shop = fetching(&format!("http://127.0.0.1:{port}/{path}"), "", limits);
        let refused = shop.run(&["import", "norte", "--apply", "--json"]).ended(3).json();
        assert_eq!(codes(&refused), ["E-FETCH"], "{refused:#}");
        let finding = &refused["diagnostics"][0];
        assert!(
            finding["message"].as_str().unwrap().contains(expected),
            "{path}: {finding:#}"
        );
        assert!(
            finding["file"]
                .as_str()
                .unwrap()
                .ends_with(path.split('?').next().unwrap()),
            "{finding:#}"
        );
        assert!(!refused.to_string().contains("s3cret"), "{refused:#}");
        assert!(shop.files(".estante/downloads").is_empty() && kept(&shop).is_empty());
        // The others are imported all the same.
        supplier(&shop, "sur", "", LIST);
        let run = shop.run(&["run", "--json"]);
        assert_eq!(run.json()["suppliers"][1]["new"], 2, "{}", run.out);
    };
    check("list.csv?t=s3cret", "", "a port other than 80 and 443");
    let private = fetching("http://localhost/list.csv", "", "");
    let refused = private.run(&["import", "norte"]).ended(3).err;
    assert!(
        refused.contains("the address is private, or of this machine"),
        "{refused}"
    );
    assert_eq!(asked.lock().unwrap().len(), 0, "nothing private was asked");
    check("none.csv", &allow, "404");
    check("login.csv", &allow, "401");
    check("round.csv", &allow, "more than 5 times");
    check("slow.csv?t=s3cret", &allow, "timeout");
    check("cut.csv", &allow, "");
    check("to/9", &allow, "a port other than 80 and 443");
    *list.lock().unwrap() = ("\"two\"".to_owned(), LIST.repeat(100));
    check("list.csv", &allow, "larger than 1000 bytes");
}

#[test]
fn secrets_come_from_the_environment_and_go_to_their_host_alone() {
    let list = tagged("\"one\"", LIST);
    let (port, asked) = server(&list);
    let (other, heard) = server(&list);
    let secrets = "user = \"env:NORTE_USER\"\npassword = \"env:NORTE_WORD\"\nheaders = { X-Key = \"env:NORTE_KEY\" }";
    let allow = format!("allow = [\"127.0.0.1:{port}\", \"127.0.0.1:{other}\"]");
    let shop = fetching(&format!("http://127.0.0.1:{port}/login.csv"), secrets, &allow);
    let refused = shop.run(&["import", "norte", "--json"]).ended(3).json();
    assert_eq!(codes(&refused), ["E-FETCH-SECRET"], "{refused:#}");
    assert_eq!(asked.lock().unwrap().len(), 0);
    let import = |shop: &Shop| {
        let mut command = shop.command(&["import", "norte", "-v"]);
        command
            .env("NORTE_USER", "me")
            .env("NORTE_WORD", "word")
            .env("NORTE_KEY", "k3y");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(
            !said.contains("word") && !said.contains("k3y") && !said.contains("bWU6d29yZA"),
            "{said}"
        );
    };
    import(&shop);
    assert!(asked.lock().unwrap()[0].contains("x-key: k3y"));
    let shop = fetching(&format!("http://127.0.0.1:{port}/to/{other}"), secrets, &allow);
    import(&shop);
    let heard = heard.lock().unwrap().join("");
    assert!(
        heard.contains("/list.csv") && !heard.contains("k3y") && !heard.contains("authorization"),
        "{heard}"
    );
    // In the open they are refused, with the configuration.
    shop.edit("suppliers/norte/supplier.toml", "env:NORTE_WORD", "word");
    let invalid = shop.run(&["schema", "check", "--json"]).ended(3);
    assert_eq!(codes(&invalid.json()), ["E-FETCH-SECRET"], "{}", invalid.out);
    let text = shop.run(&["schema", "check"]).ended(3);
    for said in [invalid.out, text.out, text.err] {
        assert!(!said.contains("\"word"), "{said}");
    }
}

/// What is wrong about a secret is told without it, whatever is wrong.
#[test]
fn faults_do_not_show_the_secrets_they_are_about() {
    for (file, code) in [
        ("path = [\"list.csv\"]\npassword = 5337", "E-WRONG-TYPE"),
        ("path = [\"list.csv\"]\npasword = \"5337\"", "E-UNKNOWN-KEY"),
        (
            "path = [\"list.csv\"]\npassword = \"5337\"\nencodng = \"utf-8\"",
            "E-UNKNOWN-KEY",
        ),
        ("url = \"https://a.example/x?t=5337\"", "E-WRONG-TYPE"),
        ("url = [\"me:5337@a.example/x\"]", "E-FETCH-ADDRESS"),
        ("headers = { X-Key = 5337 }", "E-WRONG-TYPE"),
        ("path = [\"list.csv\"]\npassword = \"5337", "E-TOML-SYNTAX"),
    ] {
        let shop = bare_shop();
        supplier(&shop, "norte", "", LIST);
        shop.edit("suppliers/norte/supplier.toml", "path = [\"list.csv\"]", file);
        let told = shop.run(&["schema", "check", "--json"]).ended(3);
        assert!(
            codes(&told.json()).iter().any(|said| said.starts_with(code)),
            "{}",
            told.out
        );
        let text = shop.run(&["schema", "check"]).ended(3);
        assert!(text.err.contains(code), "{}", text.err);
        for said in [told.out, told.err, text.out, text.err] {
            assert!(!said.contains("5337"), "{file}: {said}");
        }
    }
}
