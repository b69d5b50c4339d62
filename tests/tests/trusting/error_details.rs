//! What WinHttpShimGetErrorDetail says: for every kind of error the culprit by name, after a failed
//! call and inside the callback that is told of it, in both widths and in UTF-8.

mod answers;
mod asking;
mod certificates;
mod connections;
mod ear;
mod trust;
mod web_sockets;
