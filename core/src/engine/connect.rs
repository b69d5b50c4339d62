//! From a server's name to a connection: its addresses, the first of them that answers, and TLS on
//! top. None of it knows what the connection is for.

pub mod dial;
pub mod resolve;
pub mod secure;
pub mod way;
