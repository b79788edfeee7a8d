//! The samples to count: our own, or random.

/// Text of many kinds, of which no segment is like another.
pub(crate) fn ordinary() -> Vec<(&'static str, String)> {
    let prose = concat!(
        include_str!("../../../README.md"),
        include_str!("../../../CHANGELOG.md"),
        include_str!("../../../ARCHITECTURE.md"),
        include_str!("../../../CONTRIBUTING.md"),
        include_str!("../../../llm-layer/README.md"),
        include_str!("../../README.md"),
    );
    let code = concat!(
        include_str!("main.rs"),
        include_str!("../../stream/src/main.rs"),
        include_str!("../../src/rows/server.rs"),
        include_str!("../../src/rows/client.rs"),
        include_str!("../../../llm-layer/tokens/src/segmented.rs"),
        include_str!("../../../llm-layer/tokens/src/background.rs"),
        include_str!("../../../llm-layer/tokens/src/prompt.rs"),
        include_str!("../../../llm-layer/src/layer.rs"),
    );
    let mut random = Random(1);
    vec![
        ("English prose (Markdown)", prose.to_owned()),
        ("code (Rust)", code.to_owned()),
        ("JSON", random.lines(|random| {
            format!(
                r#"{{"id":"call_{:x}","role":"{}","content":"{} {} the {}.","usage":{{"input_tokens":{}}}}}"#,
                random.number(1 << 48), random.word(&["user", "assistant", "tool"]), random.word(ENGLISH),
                random.word(ENGLISH), random.word(ENGLISH), random.number(5_000),
            )
        })),
        ("logs", random.lines(|random| {
            format!(
                "2026-11-{:02}T{:02}:{:02}:09.{:06}Z INFO 10.{}.{}.7 GET /v1/{}/{:016x}?{}={} {}",
                random.number(30), random.number(24), random.number(60), random.number(1_000_000), random.number(256),
                random.number(256), random.word(ENGLISH), random.number(u64::MAX), random.word(ENGLISH),
                random.number(100), random.number(600),
            )
        })),
        ("Chinese", random.lines(|random| sentence(random, CHINESE, "", "，"))),
        ("Japanese", random.lines(|random| sentence(random, JAPANESE, "", "、"))),
        ("Hindi", random.lines(|random| sentence(random, HINDI, " ", ", "))),
        ("emoji and words", random.lines(|random| {
            format!("{} {}{}", random.word(ENGLISH), random.word(EMOJI), random.word(EMOJI))
        })),
        ("base64", random.lines(|random| {
            let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            (0..76).map(|_| char::from(digits.as_bytes()[random.number(64) as usize])).collect()
        })),
    ]
}

/// Text that takes some counter long.
pub(crate) fn hostile() -> Vec<(&'static str, String)> {
    let mut random = Random(2);
    let mut samples: Vec<(&str, String)> = [
        "a",
        "-",
        "=",
        "^",
        " ",
        "\t ",
        "\0",
        "ab",
        "aB",
        "漢",
        "e\u{301}",
        "👨‍👩‍👧‍👦",
        "\u{3000}",
        "}\t\t",
        " \t{",
        "\u{a0}0\t",
        "\n     ",
        "<|endoftext|>",
        "\u{fdfa}",
    ]
    .into_iter()
    .map(|unit| (unit, unit.repeat(LENGTH / unit.len())))
    .collect();
    for (name, letters) in [("random a-z", 26), ("random a, b", 2), ("random a-e", 5)] {
        let text = (0..LENGTH)
            .map(|_| char::from(b'a' + random.number(letters) as u8))
            .collect();
        samples.push((name, text));
    }
    for (name, most) in [
        ("words of 63 random letters", 63),
        ("words of 40 random letters", 40),
        ("words of 90 random letters", 90),
    ] {
        let letter = |random: &mut Random| char::from(b'a' + random.number(26) as u8);
        let text = (0..LENGTH)
            .map(|at| {
                if at % (most + 1) == 0 {
                    ' '
                } else {
                    letter(&mut random)
                }
            })
            .collect();
        samples.push((name, text));
    }
    let text = (0..LENGTH / 3)
        .filter_map(|_| char::from_u32(random.number(0xFFFF) as u32))
        .collect();
    samples.push(("random characters", text));
    let text = (0..LENGTH / 3)
        .filter_map(|_| char::from_u32(0x4E00 + random.number(0x5000) as u32))
        .collect();
    samples.push(("random Chinese characters", text));
    samples
}

const LENGTH: usize = 400_000;

fn sentence(random: &mut Random, words: &[&'static str], space: &str, comma: &str) -> String {
    let mut text = String::new();
    for _ in 0..4 + random.number(20) {
        text.push_str(random.word(words));
        text.push_str(if random.number(9) == 0 { comma } else { space });
    }
    text
}

/// A generator of the same numbers every time: splitmix64.
struct Random(u64);

impl Random {
    fn number(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below
    }

    fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.number(words.len() as u64) as usize]
    }

    fn lines(&mut self, line: impl Fn(&mut Self) -> String) -> String {
        let mut text = String::new();
        while text.len() < LENGTH {
            text.push_str(&line(self));
            text.push('\n');
        }
        text
    }
}

const ENGLISH: &[&str] = &[
    "planner",
    "summarise",
    "quarterly",
    "sales",
    "region",
    "explain",
    "outlier",
    "interpreter",
    "orders",
    "refund",
    "shipment",
    "throughput",
    "latency",
    "customer",
    "kubernetes",
    "unparseable",
    "reconciled",
    "backpressure",
    "ledger",
    "tokenizer",
    "inflight",
    "misconfigured",
    "users",
    "sessions",
    "deduplicated",
    "invoice",
    "weather",
    "embedding",
];
const CHINESE: &[&str] = &[
    "我们",
    "任务",
    "分成",
    "三个",
    "步骤",
    "然后",
    "请",
    "代码",
    "解释器",
    "画",
    "一张",
    "图",
    "总结",
    "各地区",
    "的",
    "季度",
    "销售额",
    "并",
    "解释",
    "三月",
    "异常值",
    "用户",
    "模型",
    "回答",
    "很",
    "快",
    "但是",
    "有时",
    "错误",
    "数据库",
    "连接",
    "超时",
    "需要",
    "重新",
    "启动",
    "服务",
    "昨天",
    "天气",
    "不错",
    "他",
    "说",
    "明天",
    "会",
    "下雨",
    "北京",
    "上海",
    "经济",
    "发展",
    "问题",
    "研究",
    "所以",
    "了",
    "是",
    "在",
    "和",
    "把",
];
const JAPANESE: &[&str] = &[
    "タスク",
    "を",
    "三つ",
    "に",
    "分けて",
    "グラフ",
    "描いて",
    "ください",
    "東京",
    "の",
    "天気",
    "は",
    "晴れ",
    "です",
    "が",
    "明日",
    "雨",
    "かもしれません",
    "データベース",
    "接続",
    "できない",
    "場合",
    "再起動",
    "して",
    "から",
    "もう一度",
    "試す",
    "ユーザー",
    "質問",
    "答える",
    "モデル",
    "とても",
    "速い",
    "昨日",
    "会議",
    "資料",
];
const HINDI: &[&str] = &[
    "कार्य",
    "को",
    "तीन",
    "चरणों",
    "में",
    "बाँटो",
    "और",
    "ग्राफ़",
    "बनाओ",
    "मौसम",
    "अच्छा",
    "है",
    "लेकिन",
    "कल",
    "बारिश",
    "होगी",
    "उपयोगकर्ता",
    "प्रश्न",
    "उत्तर",
    "दीजिए",
    "बिक्री",
    "क्षेत्र",
    "के",
    "अनुसार",
    "सारांश",
    "समझाइए",
    "डेटाबेस",
    "सेवा",
    "फिर",
    "शुरू",
    "करें",
    "समस्या",
];
const EMOJI: &[&str] = &[
    "👍",
    "🎉",
    "😂",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "❤️",
    "🚀",
    "🧑🏽‍💻",
    "🤔",
    "🥲",
    "🫠",
    "🇩🇪",
    "✅",
    "🔥",
];
