//! Drafts by a language model, from the setting to the channel's file, against a loopback server that speaks the protocol.

mod model;

use crate::corner::{corner_shop, deliver, import, supplier};
use crate::support::{Answer, Shop};
use model::{Model, Reply};
use serde_json::Value;

const KEY: &str = "sk-canary/8f41c0ffee";
/// The same as JSON may spell it.
const SPELLED: &str = r"sk-canary\/8f41c0ff\u0065e";
const LIST: &str = "sku;name;brand;mpn;color;price;stock\n\
    A;Taladro B-18;Brontal;B-18;azul;10.00;5\n\
    B;Martillo M-2;Brontal;M-2;rojo;20.00;5\n\
    C;Sierra S-3;Brontal;S-3;verde;30.00;5\n";

/// The corner shop with three products that have no description, and an endpoint.
fn shop(model: &Model, settings: &str) -> Shop {
    let shop = corner_shop();
    supplier(&shop, "norte", "", LIST);
    let estante = shop.read("estante.toml");
    let drafts = format!(
        "{estante}\n[drafts]\nendpoint = \"{}\"\nmodel = \"loopback-1\"\napi_key_env = \"DRAFTS_KEY\"\nleast_facts = 3\n{settings}\n\
         [[drafts.targets]]\nattribute = \"description@es\"\nmax_chars = 200\ninstructions = \"Trata de usted.\"\n",
        model.endpoint()
    );
    shop.write("estante.toml", drafts);
    for field in ["title", "description"] {
        let channel = shop.read("channels/web.toml");
        let line = channel
            .lines()
            .find(|line| line.starts_with(&format!("{field} = ")))
            .unwrap();
        let source = line.split_once(" = ").unwrap().1;
        let both = format!(
            "{field} = {{ undrafted = {source} }}\nstructured_{field} = {{ drafted = {{ groups = [{{ digital_source_type = \
             {{ value = \"trained_algorithmic_media\" }}, content = {source} }}] }} }}"
        );
        shop.edit("channels/web.toml", line, &both);
    }
    import(&shop, "norte");
    shop
}

/// Runs the program with the key in its environment; neither key may come out of it.
#[track_caller]
fn ask(shop: &Shop, args: &[&str]) -> Answer {
    let output = shop.command(args).env("DRAFTS_KEY", KEY).output().unwrap();
    let answer = Answer {
        asked: args.join(" "),
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    let told = answer.out.contains("sk-canary") || answer.err.contains("sk-canary");
    assert!(!told, "{answer:?}");
    answer
}

#[track_caller]
fn make(shop: &Shop) -> Value {
    ask(shop, &["draft", "make", "--json"]).ended(0).json()
}

fn drafts(shop: &Shop) -> Vec<Value> {
    let listed = ask(shop, &["draft", "list", "--json"]).ended(0).json();
    listed["drafts"].as_array().unwrap().clone()
}

/// SKU, state and whether it is clean.
fn states(shop: &Shop) -> Vec<String> {
    let told = |draft: &Value| {
        let clean = if draft["clean"] == true { "" } else { " !" };
        format!(
            "{} {}{clean}",
            draft["sku"].as_str().unwrap(),
            draft["state"].as_str().unwrap()
        )
    };
    drafts(shop).iter().map(told).collect()
}

fn id(shop: &Shop, sku: &str) -> String {
    let all = drafts(shop);
    let own = all.iter().find(|draft| draft["sku"] == sku).unwrap();
    own["id"].as_str().unwrap().to_owned()
}

/// A text that the facts support: the first word of the name and the colour.
fn honest(body: &Value) -> Reply {
    let facts = body["messages"][1]["content"].as_str().unwrap();
    let colour = ["azul", "rojo", "verde"]
        .into_iter()
        .find(|colour| facts.contains(colour))
        .unwrap();
    Reply::Text(format!("Herramienta Brontal de color {colour}."))
}

#[test]
fn drafts_are_off_until_the_settings_say_otherwise() {
    let shop = corner_shop();
    for args in [
        &["draft", "make"][..],
        &["draft", "list"],
        &["draft", "accept", "--all-clean"],
    ] {
        let answer = shop.run(args).ended(2);
        assert!(answer.err.contains("drafts are off"), "{answer:?}");
    }
}

#[test]
fn a_draft_goes_from_the_model_to_the_channel_and_back() {
    let model = Model::new(|_, body| honest(body));
    let shop = shop(&model, "");
    shop.done(&["channel", "export", "web", "--quiet"]);
    let plain = shop.read("out/web/web.tsv");
    assert!(!plain.contains("trained_algorithmic_media"));

    let made = make(&shop);
    assert_eq!(
        (&made["made"], &made["calls"], &made["tokens"]),
        (&3.into(), &3.into(), &300.into())
    );
    assert_eq!(made["schema_version"], 1);
    let request = &model.requests()[0];
    assert!(
        request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.to_lowercase().contains(&format!("authorization: bearer {KEY}")));
    assert!(
        request.contains("Trata de usted.") && request.contains("\"temperature\":0.0"),
        "{request}"
    );
    // The same facts make no call, nor change a byte.
    let kept = shop.files(".estante/drafts");
    assert_eq!((make(&shop)["replayed"].clone(), model.requests().len()), (3.into(), 3));
    assert_eq!(shop.files(".estante/drafts"), kept);

    assert_eq!(states(&shop), ["A waiting", "B waiting", "C waiting"]);
    let shown = ask(&shop, &["draft", "show", &id(&shop, "A"), "--json"])
        .ended(0)
        .json();
    assert_eq!(shown["text"], "Herramienta Brontal de color azul.");
    let claims: Vec<&str> = shown["claims"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|own| own["text"].as_str())
        .collect();
    assert_eq!(claims, ["Brontal", "azul"]);

    let accepted = ask(&shop, &["draft", "accept", "--all-clean", "--json"])
        .ended(0)
        .json();
    assert_eq!(accepted["accepted"].as_array().unwrap().len(), 3);
    let batch = accepted["batch"].to_string();
    assert_eq!(states(&shop), ["A accepted", "B accepted", "C accepted"]);
    assert_eq!(make(&shop)["replayed"], 0, "what is said is not missing");
    let layers = shop.done(&["product", "show", "A", "--layers"]).out;
    assert!(
        layers.contains("draft (SKU A") && layers.contains("description@es"),
        "{layers}"
    );
    let history = shop.done(&["product", "show", "A", "--history"]).out;
    assert!(history.contains("draft"), "{history}");

    shop.done(&["channel", "export", "web", "--quiet"]);
    let told = shop.read("out/web/web.tsv");
    assert!(
        told.contains("trained_algorithmic_media:Herramienta Brontal de color azul."),
        "{told}"
    );
    assert!(
        told.contains("Taladro B-18") && !told.contains("trained_algorithmic_media:Taladro"),
        "{told}"
    );
    // A person's own words are no draft.
    shop.done(&["product", "set", "A", "description@es=Escrito a mano."]);
    shop.done(&["channel", "export", "web", "--quiet"]);
    let told = shop.read("out/web/web.tsv");
    assert!(
        !told.contains("media:Herramienta Brontal de color azul.") && told.contains("Escrito a mano."),
        "{told}"
    );
    shop.done(&["product", "clear", "A", "description@es"]);

    shop.done(&["undo", &batch]);
    shop.done(&["channel", "export", "web", "--quiet"]);
    assert_eq!(shop.read("out/web/web.tsv"), plain);
    assert_eq!(states(&shop), ["A waiting", "B waiting", "C waiting"]);
    make(&shop);
    assert_eq!(model.requests().len(), 3);
    // The key is nowhere on disk.
    for (name, bytes) in shop.files("") {
        let found = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        assert!(!found, "the key stands in {name}");
    }
}

#[test]
fn what_no_fact_says_blocks_until_somebody_answers_for_it() {
    let model = Model::new(|_, _| Reply::Text("Herramienta Brontal de 900 W con garantía de por vida.".into()));
    let shop = shop(&model, "");
    make(&shop);
    assert_eq!(states(&shop), ["A waiting !", "B waiting !", "C waiting !"]);
    let (a, b) = (id(&shop, "A"), id(&shop, "B"));
    let refused = ask(&shop, &["draft", "accept", &a, "--json"]).ended(4).json();
    assert_eq!(refused["batch"], Value::Null);
    let findings = refused["blocked"][0]["findings"].as_array().unwrap();
    let told: Vec<String> = findings
        .iter()
        .map(|own| {
            format!(
                "{} {} {}",
                own["code"].as_str().unwrap(),
                own["column"].as_str().unwrap(),
                own["value"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "E-DRAFT-CLAIM 24 900 W",
            "E-DRAFT-CLAIM 34 garantía",
            "E-DRAFT-CLAIM 43 de por vida"
        ]
    );
    assert_eq!(
        ask(&shop, &["draft", "accept", "--all-clean", "--json"])
            .ended(0)
            .json()["accepted"],
        serde_json::json!([])
    );
    ask(&shop, &["draft", "accept", &a, "--override", " "]).ended(2);
    let accepted = ask(
        &shop,
        &["draft", "accept", &a, "--override", "lo dice el catálogo", "--json"],
    )
    .ended(0)
    .json();
    let log = shop.done(&["log", &accepted["batch"].to_string(), "--json"]).out;
    assert!(
        log.contains("lo dice el catálogo") && log.contains("I-DRAFT-OVERRIDDEN"),
        "{log}"
    );
    ask(&shop, &["draft", "reject", &b, "--reason", "inventado"]).ended(0);
    assert_eq!(states(&shop), ["A accepted !", "B rejected !", "C waiting !"]);
    ask(&shop, &["draft", "reject", &a]).ended(2);
    ask(&shop, &["draft", "show", "ffff"]).ended(2);
    // What was rejected is not asked again.
    make(&shop);
    assert_eq!(model.requests().len(), 3);
}

#[test]
fn changed_facts_make_a_new_request_and_the_old_draft_stale() {
    let model = Model::new(|_, body| honest(body));
    let shop = shop(&model, "");
    make(&shop);
    deliver(&shop, "norte", &LIST.replace("azul", "verde"));
    import(&shop, "norte");
    assert_eq!(states(&shop), ["A stale !", "B waiting", "C waiting"]);
    ask(&shop, &["draft", "accept", &id(&shop, "A")]).ended(4);
    assert_eq!(make(&shop)["made"], 1);
    assert_eq!(model.requests().len(), 4);
    let mut all = states(&shop);
    all.sort();
    assert_eq!(all, ["A stale !", "A waiting", "B waiting", "C waiting"]);
    // A price is no fact.
    deliver(&shop, "norte", &LIST.replace("azul", "verde").replace("10.00", "11.00"));
    import(&shop, "norte");
    assert_eq!(make(&shop)["replayed"], 3);
}

/// A completion whose texts stand in it as they are given.
fn completion(text: &str, model: &str, reason: &str) -> String {
    format!(
        "{{\"model\":\"{model}\",\"choices\":[{{\"message\":{{\"content\":\"{text}\"}},\"finish_reason\":\"{reason}\"}}]}}"
    )
}

#[test]
fn an_endpoint_out_of_order_is_asked_again_or_told() {
    let good = || Reply::Text("Herramienta.".into());
    let raw = |status: u16, headers: &'static str, body: &str| Reply::Raw(status, headers.to_owned(), body.to_owned());
    type Case<'c> = (&'c str, Box<dyn Fn(usize) -> Reply + Send + Sync>, u64, u64, &'c str);
    let cases: Vec<Case<'_>> = vec![
        ("chunked", Box::new(|_| Reply::Chunked("Herramienta.".into())), 1, 1, ""),
        (
            "overloaded",
            Box::new(move |n| {
                if n == 0 {
                    raw(429, "Retry-After: 1\r\n", r#"{"error":{"message":"slow down"}}"#)
                } else {
                    good()
                }
            }),
            1,
            2,
            "",
        ),
        (
            "broken once",
            Box::new(move |n| if n == 0 { raw(500, "", "oops") } else { good() }),
            1,
            2,
            "",
        ),
        (
            "always broken",
            Box::new(move |_| raw(503, "", "")),
            0,
            3,
            "the endpoint answers 503; asked 3 times",
        ),
        (
            "far too patient",
            Box::new(move |_| raw(429, "Retry-After: 86400\r\n", "")),
            0,
            1,
            "it wants to be asked again in 86400 s",
        ),
        (
            "slow",
            Box::new(|_| Reply::Never),
            0,
            3,
            "no answer in time; asked 3 times",
        ),
        ("hung up", Box::new(|_| Reply::HangUp), 0, 3, "the connection broke"),
        (
            "oversize",
            Box::new(|_| Reply::Text("x".repeat(2_000_000))),
            0,
            1,
            "the answer has more than 1048576 bytes",
        ),
        (
            "endless",
            Box::new(|_| Reply::Endless),
            0,
            1,
            "the answer has more than 1048576 bytes",
        ),
        (
            "malformed",
            Box::new(move |_| raw(200, "", "{\"choices\": [")),
            0,
            1,
            "the answer is no chat completion",
        ),
        (
            "empty",
            Box::new(move |_| raw(200, "", r#"{"choices":[]}"#)),
            0,
            1,
            "the answer holds no choice",
        ),
        (
            "refused",
            Box::new(move |_| raw(401, "", r#"{"error":{"message":"bad key"}}"#)),
            0,
            1,
            "the endpoint answers 401: bad key",
        ),
        (
            "sent elsewhere",
            Box::new(move |_| raw(307, "Location: http://127.0.0.1:9/v1\r\n", "")),
            0,
            1,
            "which is not followed",
        ),
        (
            "echo",
            Box::new(|_| Reply::Text(format!("Bearer {KEY}"))),
            0,
            1,
            "sent the key back",
        ),
        (
            "bad request",
            Box::new(move |_| raw(400, "", &format!("{{\"error\":{{\"message\":\"{KEY}\"}}}}"))),
            0,
            1,
            "sent the key back",
        ),
        (
            "spelled in a fault",
            Box::new(move |_| raw(500, "", &format!("{{\"error\":{{\"message\":\"{SPELLED}\"}}}}"))),
            0,
            1,
            "sent the key back",
        ),
        (
            "spelled at the cut of a long fault",
            Box::new(move |_| {
                let long = "x".repeat(190);
                raw(400, "", &format!("{{\"error\":{{\"message\":\"{long}{SPELLED}\"}}}}"))
            }),
            0,
            1,
            "sent the key back",
        ),
        (
            "spelled in the text",
            Box::new(move |_| raw(200, "", &completion(SPELLED, "m", "stop"))),
            0,
            1,
            "sent the key back",
        ),
        (
            "spelled in the model",
            Box::new(move |_| raw(200, "", &completion("Herramienta.", SPELLED, "stop"))),
            0,
            1,
            "sent the key back",
        ),
        (
            "spelled in the reason",
            Box::new(move |_| raw(200, "", &completion("Herramienta.", "m", SPELLED))),
            0,
            1,
            "sent the key back",
        ),
        (
            "spelled where no text may be",
            Box::new(move |_| raw(200, "", &format!("{{\"choices\":\"{SPELLED}\"}}"))),
            0,
            1,
            "sent the key back",
        ),
    ];
    std::thread::scope(|scope| {
        for (name, reply, made, calls, message) in cases {
            scope.spawn(move || {
                let model = Model::new(move |n, _| reply(n));
                let shop = shop(&model, "timeout_seconds = 1\nretries = 2\n");
                let told = ask(&shop, &["draft", "make", "A", "--json"])
                    .ended(if made == 1 { 0 } else { 4 })
                    .json();
                assert_eq!(
                    (&told["made"], &told["calls"]),
                    (&made.into(), &calls.into()),
                    "{name}: {told:#}"
                );
                assert_eq!(model.requests().len() as u64, calls, "{name}");
                let why = told["diagnostics"][0]["message"].as_str().unwrap_or_default();
                assert!(
                    why.contains(message) && (made == 1 || why.contains("no draft of description@es")),
                    "{name}: {why}"
                );
                let files = shop.files(".estante/drafts");
                assert_eq!(
                    files.keys().filter(|name| name.ends_with(".json")).count() as u64,
                    made,
                    "{name}"
                );
                for bytes in files.values() {
                    let kept = String::from_utf8_lossy(bytes);
                    assert!(!kept.contains("sk-canary"), "{name}");
                }
            });
        }
    });
}

#[test]
fn a_hopeless_endpoint_is_not_asked_for_every_product() {
    let model = Model::new(|_, _| Reply::Raw(403, String::new(), String::new()));
    let shop = shop(&model, "concurrency = 1\n");
    let told = ask(&shop, &["draft", "make", "--json"]).ended(4).json();
    assert_eq!(
        (&told["failed"], &told["left"], model.requests().len()),
        (&1.into(), &2.into(), 1)
    );
    shop.run(&["draft", "make"]).ended(2); // without the key
}

#[test]
fn the_budget_ends_a_run_and_the_next_goes_on() {
    let model = Model::new(|_, body| honest(body));
    let calls = shop(&model, "most_calls = 2\n");
    let told = make(&calls);
    assert_eq!(
        (&told["made"], &told["left"], model.requests().len()),
        (&2.into(), &1.into(), 2)
    );
    assert_eq!(told["diagnostics"][0]["code"], "I-DRAFT-BUDGET");
    assert_eq!(make(&calls)["made"], 1);

    let model = Model::new(|_, body| honest(body));
    let tokens = shop(&model, "most_tokens = 480\nmax_tokens = 64\nconcurrency = 1\n");
    let told = make(&tokens);
    assert!(
        told["left"].as_u64() > Some(0) && told["tokens"].as_u64() <= Some(480),
        "{told:#}"
    );

    let model = Model::new(|_, body| honest(body));
    let limited = shop(&model, "");
    let told = ask(
        &limited,
        &["draft", "make", "--limit", "1", "--attribute", "description", "--json"],
    )
    .ended(0)
    .json();
    assert_eq!(
        (&told["made"], &told["left"], model.requests().len()),
        (&1.into(), &2.into(), 1)
    );
    ask(&limited, &["draft", "make", "--attribute", "name"]).ended(2);
    // A call that is repeated counts, too.
    let model = Model::new(|_, _| Reply::Raw(500, String::new(), String::new()));
    let broken = shop(&model, "most_calls = 2\nretries = 8\nconcurrency = 1\n");
    ask(&broken, &["draft", "make"]).ended(4);
    assert_eq!(model.requests().len(), 2);
}

#[test]
fn drafts_do_not_depend_on_threads() {
    let run = |concurrency: u32, threads: &str| {
        let model = Model::at(|_, body| honest(body), "v1");
        let shop = shop(&model, &format!("concurrency = {concurrency}\n"));
        ask(&shop, &["draft", "make", "--threads", threads, "--quiet"]).ended(0);
        let listed = drafts(&shop);
        let mut files = shop.files(".estante/drafts");
        // Only the port of the loopback server differs.
        for bytes in files.values_mut() {
            *bytes = String::from_utf8_lossy(bytes)
                .replace(&model.endpoint(), "ENDPOINT")
                .into_bytes();
        }
        (
            files,
            listed.iter().map(|draft| draft["id"].clone()).collect::<Vec<_>>(),
        )
    };
    let first = run(1, "1");
    assert_eq!(first.1.len(), 3);
    assert_eq!(run(3, "4"), first);
    assert_eq!(run(16, "2"), first);
}

#[test]
fn a_damaged_draft_is_told_and_passed_over() {
    let model = Model::new(|_, body| honest(body));
    let shop = shop(&model, "folder = \"drafts\"\n");
    make(&shop);
    let name = format!("drafts/{}.json", id(&shop, "B"));
    shop.edit(&name, "Martillo", "Martillo XXL");
    assert_eq!(states(&shop), ["A waiting", "C waiting"]);
    let listed = ask(&shop, &["draft", "list", "--json"]).ended(0).json();
    assert_eq!(listed["diagnostics"][0]["code"], "W-DRAFT-DAMAGED");
    assert_eq!(make(&shop)["made"], 1);
    assert_eq!(states(&shop).len(), 3);
    // Nor does anybody's word pass for the model's.
    let name = format!("drafts/{}.json", id(&shop, "C"));
    shop.edit(
        &name,
        "Herramienta Brontal de color verde.",
        "Herramienta Brontal, verde.",
    );
    assert_eq!(states(&shop), ["A waiting", "B waiting"]);
    let listed = ask(&shop, &["draft", "list", "--json"]).ended(0).json();
    let told = listed["diagnostics"][0]["message"].as_str().unwrap();
    assert!(told.contains("its answer was changed"), "{told}");
}

#[test]
fn faults_of_the_settings_are_told_with_their_places() {
    let model = Model::new(|_, body| honest(body));
    let good = shop(&model, "");
    let check = |from: &str, to: &str, code: &str| {
        let shop = good.twin();
        shop.edit("estante.toml", from, to);
        let told = shop.run(&["schema", "check", "--json"]).ended(3).json();
        let found = &told["diagnostics"][0];
        assert_eq!(found["code"], code, "{to}: {told:#}");
        assert!(
            found["file"] == "estante.toml" && found["line"].is_u64() && found["column"].is_string(),
            "{told:#}"
        );
        assert!(!told.to_string().contains("sk-live"), "{told:#}");
    };
    let endpoint = model.endpoint();
    check(&endpoint, "ftp://x/v1", "E-DRAFTS-ENDPOINT");
    check(&endpoint, "http://api.example/v1", "E-DRAFTS-ENDPOINT");
    check(&endpoint, "https://me:secret@api.example/v1", "E-DRAFTS-ENDPOINT");
    check("\"DRAFTS_KEY\"", "\"sk-live-123\"", "E-DRAFTS-KEY");
    check("description@es", "description@fr", "E-UNKNOWN-LOCALE");
    check("description@es", "price", "E-DRAFTS-TARGET");
    check("max_chars = 200", "max_chars = 0", "E-BAD-VALUE");
    check("max_chars = 200", "familias = []", "E-UNKNOWN-KEY");
    check("max_chars = 200", "families = [\"drill\"]", "E-UNKNOWN-FAMILY");
    check("max_chars = 200", "filter = \"stock >\"", "E-FILTER");
    check("least_facts = 3", "temperature = 3.5", "E-BAD-VALUE");
}
