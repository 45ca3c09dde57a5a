//! The OpenAPI 3.1 document, made from the table of operations.

use crate::operations::OPERATIONS;
use crate::problem::Problem;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The OpenAPI 3.1 document of an API that mounts [`dispatch`](crate::Session::dispatch) as
/// `POST {base}/{operation}`.
///
/// ```
/// let document = crm_core::openapi_document("/api");
/// assert_eq!(document["openapi"], "3.1.0");
/// assert!(document["paths"]["/api/create_customer"]["post"].is_object());
/// ```
pub fn openapi_document(base: &str) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths = serde_json::Map::new();
    for operation in OPERATIONS {
        let (input, output) = (operation.schemas)(&mut generator);
        let mut parameters = vec![json!({
            "name": "X-Correlation-Id", "in": "header", "required": false,
            "description": "The host's request, for history and events.",
            "schema": {"type": "string", "maxLength": 100}
        })];
        if operation.command {
            parameters.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "The same request under the same key within 30 days happens once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 100}
            }));
        }
        let right = if operation.right.is_empty() { "none".to_owned() } else { format!("`{}`", operation.right) };
        let path = json!({"post": {
            "operationId": operation.name,
            "summary": operation.summary.trim(),
            "description": format!("Needs the right: {right}."),
            "parameters": parameters,
            "requestBody": {"required": true, "content": {"application/json": {"schema": input}}},
            "responses": {
                "200": {"description": "The answer.", "content": {"application/json": {"schema": output}}},
                "default": {"description": "An error.", "content": {"application/problem+json": {"schema": problem}}},
            },
        }});
        paths.insert(format!("{base}/{}", operation.name), path);
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "CRM", "version": env!("CARGO_PKG_VERSION")},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}
