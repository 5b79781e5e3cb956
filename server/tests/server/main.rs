//! The server with real sockets on free ports. Timeouts here only bound failures; no test waits for one to pass.

mod access;
mod broker;
mod driving;
mod fallbacks;
mod floods;
mod harness;
mod hostile;
mod http;
mod kept;
mod lifecycle;
mod operations;
mod outside;
mod protocol_document;
mod recordings;
mod resume;
mod slow;
mod stream;
