//! The engine: the only home of sockets, threads and the clock. It moves bytes and waits; it
//! decides nothing.

pub mod alarm;
pub mod buffers;
pub mod channel;
pub mod clock;
pub mod connect;
pub mod driver;
pub mod entropy;
pub mod extended_error;
pub mod parking;
pub mod pool;
pub mod reactor;
pub mod settings;
pub mod shortage;
pub mod sleeper;
pub mod socket;
pub mod switches;
pub mod transport;
