//! The resource.

use opentelemetry::{Array, KeyValue, StringValue, Value};

use super::Reader;
use super::node::Node;
use crate::config::expected::Expected;
use crate::config::pairs;
use crate::error::InitError;

impl Reader {
    /// `attributes` take precedence over `attributes_list`. What the detectors of this crate find is always
    /// added, so that `detection/development` has no effect.
    pub(super) fn resource(&mut self, node: &Node<'_>) -> Result<(), InitError> {
        let mut resource = node.section(&self.report)?;
        if let Some(list) = resource.take_set("attributes_list") {
            let members = pairs(list.text(&self.report)?);
            for (key, value) in members.ok_or_else(|| list.refused(&self.report, Expected::Pairs))? {
                self.config.set_resource_attribute(key, value);
            }
        }
        if let Some(list) = resource.take_set("attributes") {
            for item in list.items(&self.report)? {
                self.attribute(&item)?;
            }
        }
        if let Some(url) = resource.take_set("schema_url") {
            self.config.sdk.resource_schema_url = Some(url.text(&self.report)?.to_owned());
        }
        resource.finish(&mut self.report);
        Ok(())
    }

    fn attribute(&mut self, item: &Node<'_>) -> Result<(), InitError> {
        let mut attribute = item.section(&self.report)?;
        let name = attribute
            .require("name", &self.report)?
            .text(&self.report)?
            .to_owned();
        let value = attribute.require("value", &self.report)?;
        let kind = attribute.take_set("type");
        let kind_name = kind
            .as_ref()
            .map_or(Ok("string"), |kind| kind.text(&self.report))?;
        attribute.finish(&mut self.report);
        if value.is_null() {
            return Ok(());
        }
        let report = &self.report;
        let items = || value.items(report);
        let text = |node: &Node<'_>| node.text(report).map(|text| StringValue::from(text.to_owned()));
        let float = |node: &Node<'_>| node.number(f64::MIN..=f64::MAX, report);
        let boolean = |node: &Node<'_>| node.boolean(report);
        let integer = |node: &Node<'_>| {
            let number = node.value.as_i64();
            number.ok_or_else(|| node.refused(report, "a whole number"))
        };
        let typed: Value = match kind_name {
            "string" => {
                self.config
                    .set_resource_attribute(name, value.text(&self.report)?.to_owned());
                return Ok(());
            }
            "bool" => boolean(&value)?.into(),
            "int" => integer(&value)?.into(),
            "double" => float(&value)?.into(),
            "string_array" => Value::Array(each(items()?, text)?),
            "bool_array" => Value::Array(each(items()?, boolean)?),
            "int_array" => Value::Array(each(items()?, integer)?),
            "double_array" => Value::Array(each(items()?, float)?),
            _ => return Err(kind.unwrap_or(value).refused(report, TYPES)),
        };
        self.config
            .sdk
            .resource_attributes
            .push(KeyValue::new(name, typed));
        Ok(())
    }
}

fn each<'a, T>(
    items: Vec<Node<'a>>,
    read: impl Fn(&Node<'a>) -> Result<T, InitError>,
) -> Result<Array, InitError>
where
    Array: From<Vec<T>>,
{
    let values: Result<Vec<T>, InitError> = items.iter().map(read).collect();
    values.map(Array::from)
}

const TYPES: &str = r#""string", "bool", "int", "double", or one of them followed by "_array""#;
