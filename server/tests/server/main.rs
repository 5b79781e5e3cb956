//! The server with real sockets on free ports. Timeouts here only bound failures; no test waits for one to pass.

mod harness;
mod hostile;
mod http;
mod lifecycle;
mod protocol_document;
mod stream;
