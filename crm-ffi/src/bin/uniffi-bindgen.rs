//! Writes the bindings of a language from the built library: the same version as the library's own glue.

fn main() {
    uniffi::uniffi_bindgen_main();
}
