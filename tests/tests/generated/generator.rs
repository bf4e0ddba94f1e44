use std::{fmt::Write, iter::repeat_with};

use async_graphql::parser::types::Type;
use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::schema::{Field, Input, Schema, named};

/// A request, which follows from its number.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) document: String,
    pub(crate) variables: Value,
    /// `query`, `mutation` or `subscription`.
    pub(crate) kind: &'static str,
    /// What was done to a valid one so that it is not.
    pub(crate) broken: Option<&'static str>,
}

/// The most fields of an operation.
const FIELDS: usize = 40;

/// The most nested selection sets of fields.
const DEPTH: usize = 7;

/// Makes the operation of that number. Two of three are valid.
pub(crate) fn operation(schema: &Schema, number: u64) -> Operation {
    let mut rng = Rng::with_seed(number);
    let (kind, root) = [
        ("query", "Query"),
        ("query", "Query"),
        ("query", "Query"),
        ("mutation", "Mutation"),
        ("subscription", "Subscription"),
    ][rng.usize(0..5)];
    let mut generator = Generator {
        schema,
        rng,
        fields: 0,
        names: 0,
        definitions: Vec::new(),
        variables: Map::new(),
        fragments: Vec::new(),
    };
    let mut body = match kind {
        "subscription" => generator.subscription(),
        _ => generator.selection(root, 1),
    };
    let broken = (generator.rng.u8(0..3) == 0).then(|| generator.damage(kind, &mut body));
    generator.finish(kind, &body, broken)
}

struct Generator<'s> {
    schema: &'s Schema,
    rng: Rng,
    fields: usize,
    names: usize,
    definitions: Vec<String>,
    variables: Map<String, Value>,
    fragments: Vec<String>,
}

impl Generator<'_> {
    fn finish(self, kind: &'static str, body: &str, broken: Option<&'static str>) -> Operation {
        let definitions = match self.definitions.as_slice() {
            [] => String::new(),
            definitions => format!("({})", definitions.join(", ")),
        };
        let mut document = format!("{kind} Generated{definitions} {{ {body} }} {}", self.fragments.join(" "));
        if broken == Some("the end is missing") {
            document.truncate(document.trim_end().len() - 1);
        }
        Operation { document, variables: Value::Object(self.variables), kind, broken }
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Some fields of a type, some of them in fragments.
    fn selection(&mut self, of: &str, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..self.rng.usize(1..=4) {
            let inner = self.field(of, depth);
            match self.rng.u8(0..12) {
                0 => write!(text, "...{} {{ {inner} }} ", self.condition()),
                1 => write!(text, "... on {of}{} {{ {inner} }} ", self.condition()),
                2 => {
                    let (name, condition) = (self.name("F"), self.condition());
                    self.fragments.push(format!("fragment {name} on {of} {{ {inner} }}"));
                    write!(text, "...{name}{condition} ")
                }
                _ => write!(text, "{inner} "),
            }
            .expect("text");
        }
        let objects = self.schema.objects.get(of).map(Vec::as_slice).unwrap_or_default();
        if let Some(object) = self.rng.choice(objects) {
            let inner = self.selection(object, depth + 1);
            write!(text, "... on {object} {{ {inner} }}").expect("text");
        }
        text
    }

    fn subscription(&mut self) -> String {
        let fields = &self.schema.fields["Subscription"];
        let field = &fields[self.rng.usize(0..fields.len())];
        self.selected(field, 1, "")
    }

    fn field(&mut self, of: &str, depth: usize) -> String {
        let fields = &self.schema.fields[of];
        let is_leaf = |field: &&Field| !self.schema.fields.contains_key(&field.of);
        let deepest = depth >= DEPTH || self.fields >= FIELDS;
        let leaves: Vec<_> = fields.iter().filter(is_leaf).collect();
        let field = match self.rng.choice(leaves) {
            Some(leaf) if deepest || self.rng.bool() => leaf,
            None if deepest => return "__typename".to_owned(),
            _ => &fields[self.rng.usize(0..fields.len())],
        };
        if self.rng.u8(0..20) == 0 {
            return format!("__typename{}", self.condition());
        }
        let condition = self.condition();
        self.selected(field, depth, &condition)
    }

    fn selected(&mut self, field: &Field, depth: usize, condition: &str) -> String {
        self.fields += 1;
        let arguments: Vec<_> =
            field.arguments.iter().filter_map(|argument| self.argument(argument)).collect();
        // One that is selected twice, with other arguments, would be in its own way.
        let alias = if field.arguments.is_empty() && self.rng.u8(0..4) > 0 {
            String::new()
        } else {
            self.name("a") + ": "
        };
        let arguments =
            if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let inner = if self.schema.fields.contains_key(&field.of) {
            format!(" {{ {} }}", self.selection(&field.of, depth + 1))
        } else {
            String::new()
        };
        format!("{alias}{}{arguments}{condition}{inner}", field.name)
    }

    /// Mostly nothing, or a directive.
    fn condition(&mut self) -> String {
        let directive = ["skip", "include"][self.rng.usize(0..2)];
        match self.rng.u8(0..20) {
            0 => format!(" @{directive}(if: {})", self.rng.bool()),
            1 => {
                let value = json!(self.rng.bool());
                format!(" @{directive}(if: {})", self.variable("Boolean!", value))
            }
            _ => String::new(),
        }
    }

    /// An argument or a field of an input object, maybe left out.
    fn argument(&mut self, argument: &Input) -> Option<String> {
        let may_miss = argument.of.nullable || argument.has_default;
        if may_miss && self.rng.u8(0..3) > 0 {
            return None;
        }
        let value = self.value(argument);
        let text = match self.rng.u8(0..3) {
            0 => self.variable(&argument.of.to_string(), value),
            _ => literal(&value, &argument.of, self.schema),
        };
        Some(format!("{}: {text}", argument.name))
    }

    fn variable(&mut self, of: &str, value: Value) -> String {
        let name = self.name("v");
        self.definitions.push(format!("${name}: {of}"));
        self.variables.insert(name.clone(), value);
        format!("${name}")
    }

    /// A value that the type takes, and the use case maybe not.
    fn value(&mut self, of: &Input) -> Value {
        if of.of.nullable && self.rng.u8(0..10) == 0 {
            return Value::Null;
        }
        let schema = self.schema;
        match named(&of.of) {
            "Int" => match self.rng.u8(0..10) {
                0 => json!(-1),
                1 => json!(i32::MAX),
                _ => json!(self.rng.u8(0..4)),
            },
            "Boolean" => json!(self.rng.bool()),
            "Date" => json!(format!(
                "{:04}-{:02}-{:02}",
                self.rng.u16(1..=9999),
                self.rng.u8(1..=12),
                self.rng.u8(1..=28)
            )),
            "ID" => match self.rng.u8(0..4) {
                0 => json!(self.rng.u16(..)),
                1 => json!(format!("Order:{}", self.rng.u8(..))),
                2 => json!(format!("User:{}", self.rng.u8(0..4))),
                _ => json!(self.text()),
            },
            name if schema.enums.contains_key(name) => {
                let values = &schema.enums[name];
                json!(values[self.rng.usize(0..values.len())])
            }
            name if schema.inputs.contains_key(name) => {
                let mut object = Map::new();
                for field in &schema.inputs[name] {
                    if !(field.of.nullable || field.has_default) || self.rng.u8(0..3) == 0 {
                        object.insert(field.name.clone(), self.value(field));
                    }
                }
                Value::Object(object)
            }
            _ => json!(self.text()),
        }
    }

    /// Names that are there, and texts that nobody would type.
    fn text(&mut self) -> String {
        match self.rng.u8(0..8) {
            0..=2 => ["caty88", "joe"][self.rng.usize(0..2)].to_owned(),
            3 => self.name("user"),
            4 => format!("{}@dev.io", self.name("mail")),
            5 => {
                let texts = [
                    "",
                    " ",
                    "\u{0}",
                    "\"",
                    "\\",
                    "\"\"\"",
                    "'; DROP TABLE orders; --",
                    "\u{feff}",
                    "🦀",
                    "\u{202e}x",
                    "%s",
                    "\r\n",
                ];
                texts[self.rng.usize(0..texts.len())].to_owned()
            }
            6 => "x".repeat(self.rng.usize(1..300)),
            _ => repeat_with(|| self.rng.char(..)).take(5).collect(),
        }
    }

    /// Makes a valid operation one that is not, and says how.
    fn damage(&mut self, kind: &str, body: &mut String) -> &'static str {
        const BODIES: [(&str, &str); 8] = [
            ("an unknown field", "nothing "),
            ("an unknown fragment", "...Missing "),
            ("an unknown directive", "__typename @nothing "),
            ("a directive without its argument", "__typename @skip "),
            ("an unknown argument", "__typename(nothing: 1) "),
            ("a selection of a leaf", "__typename { nothing } "),
            ("an undefined variable", "__typename @include(if: $nothing) "),
            ("a fragment on another type", "... on Order { id } "),
        ];
        match self.rng.usize(0..BODIES.len() + 6) {
            choice if choice < BODIES.len() => {
                let (how, text) = BODIES[choice];
                body.insert_str(0, text);
                how
            }
            8 => {
                self.definitions.push("$unused: Int".to_owned());
                "an unused variable"
            }
            9 => {
                self.definitions.push("$unknown: [Nothing] = [1]".to_owned());
                "a variable of an unknown type"
            }
            10 => {
                let condition = self.variable("Boolean!", json!({ "not": "a Boolean" }));
                write!(body, " ... @include(if: {condition}) {{ {body} }}", body = body.clone())
                    .expect("text");
                "a variable of another type"
            }
            11 => {
                let condition = self.variable("Boolean!", Value::Null);
                write!(body, " ... @include(if: {condition}) {{ {body} }}", body = body.clone())
                    .expect("text");
                "a variable without a value"
            }
            12 if kind == "query" => {
                body.push_str(" viewer");
                "no selection of an object"
            }
            _ => "the end is missing",
        }
    }
}

/// The value as it is written in a document.
fn literal(value: &Value, of: &Type, schema: &Schema) -> String {
    match value {
        Value::String(text) if schema.enums.contains_key(named(of)) => text.clone(),
        Value::String(text) => {
            let escape = |character: char| match character {
                '"' | '\\' => format!("\\{character}"),
                '\u{0}'..='\u{1f}' => format!("\\u{:04x}", u32::from(character)),
                _ => character.to_string(),
            };
            format!("\"{}\"", text.chars().map(escape).collect::<String>())
        }
        Value::Object(fields) => {
            let inputs = &schema.inputs[named(of)];
            let field = |(name, value): (&String, &Value)| {
                let input = inputs.iter().find(|input| input.name == *name).expect("a field");
                format!("{name}: {}", literal(value, &input.of, schema))
            };
            format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
