//! `brief --format json`.

use serde::Serialize;
use serde_json::Value;

use crate::model::brief::Brief;
use crate::render::json::{SCHEMA, line};

/// The answer of `brief`; a field that does not apply is absent.
pub fn json(brief: &Brief) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        schema: u32,
        command: &'a str,
        brief: Value,
    }
    line(&Answer { schema: SCHEMA, command: "brief", brief: fields(brief, true) })
}

/// The fields of a brief, every text as it is; without those that do not apply, or with `null` for them.
pub(super) fn fields(brief: &Brief, dense: bool) -> Value {
    let mut value =
        serde_json::to_value(brief).expect("because every key is a string and nothing in it can fail to serialize");
    if dense {
        strip(&mut value);
    }
    value
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
