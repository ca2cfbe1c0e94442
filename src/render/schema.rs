//! Whether JSON is what a schema under docs/ says, for tests: the few keywords that our schemas use.
//! Stricter than JSON Schema in one thing: a field that the schema does not describe is a fault.

use serde_json::Value;

/// Every place where `value` is not what `schema` says.
pub(crate) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(schema, schema, value, "", &mut faults);
    faults
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).expect("a $ref names a $defs entry");
        return check(root, target, value, at, faults);
    }
    let is = |name: &str| match name {
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type '{other}' in a schema"),
    };
    let typed = match &schema["type"] {
        Value::Null => true,
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        other => panic!("'type' is {other}"),
    };
    let listed = schema["enum"].as_array().is_none_or(|values| values.contains(value));
    if !typed || !listed || schema.get("const").is_some_and(|only| only != value) {
        faults.push(format!("{at}: {value} is not {schema}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.is_object() && value.get(name).is_none() {
            faults.push(format!("{at}/{name} is missing"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(property) => check(root, property, inner, &format!("{at}/{name}"), faults),
            None => faults.push(format!("{at}/{name} is not described")),
        }
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        check(root, &schema["items"], item, &format!("{at}/{number}"), faults);
    }
}
