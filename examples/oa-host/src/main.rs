//! A small office host with the CRM inside: it signs people in, shows them pages in Chinese and
//! English, and mounts the CRM's operations as a JSON API.

mod api;
mod app;
mod cli;
mod demo;
mod desk;
mod failure;
mod form;
mod import;
mod pages;
mod projects;
mod security;
mod server;
mod session;
mod text;
mod uploads;
mod values;
mod webhook;

fn main() -> std::process::ExitCode {
    cli::run()
}
