//! The result of WinHttpQueryConnectionGroup: one block, in which everything points.

use std::ptr::null_mut;

use winhttp_abi::types::{ConnectionGroup, Guid, HostConnectionGroup, QueryConnectionGroupResult};
use winhttp_abi::wide::{Unit, terminated};
use winhttp_abi::{Code, Result, allocation};
use winhttp_core::api::ConnectionGroups;

/// A GUID as the 16 bytes that the program has set as a mark.
pub(super) fn mark(guid: Guid) -> [u8; 16] {
    let mut bytes = [0; 16];
    let (first, rest) = bytes.split_at_mut(4);
    first.copy_from_slice(&guid.data1.to_ne_bytes());
    let (second, rest) = rest.split_at_mut(2);
    second.copy_from_slice(&guid.data2.to_ne_bytes());
    let (third, last) = rest.split_at_mut(2);
    third.copy_from_slice(&guid.data3.to_ne_bytes());
    last.copy_from_slice(&guid.data4);
    bytes
}

fn guid(mark: [u8; 16]) -> Guid {
    let [a, b, c, d, e, f, g, h, data4 @ ..] = mark;
    Guid {
        data1: u32::from_ne_bytes([a, b, c, d]),
        data2: u16::from_ne_bytes([e, f]),
        data3: u16::from_ne_bytes([g, h]),
        data4,
    }
}

/// A block that holds all of it: the result, its host if there is a connection, the groups, and the
/// host's name.
///
/// # Errors
/// [`Code::NOT_ENOUGH_MEMORY`].
#[expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "writes into one block, with one promise for all"
)]
pub(super) fn give<W: Unit>(
    found: &ConnectionGroups,
) -> Result<*mut QueryConnectionGroupResult<W>> {
    let hosts = usize::from(!found.groups.is_empty());
    let name = terminated::<W>(&found.host);
    let hosts_at = size_of::<QueryConnectionGroupResult<W>>();
    let groups_at = hosts_at + hosts * size_of::<HostConnectionGroup<W>>();
    let name_at = groups_at + found.groups.len() * size_of::<ConnectionGroup>();
    let block = allocation::allocate(name_at + size_of_val(&*name)).cast::<u8>();
    if block.is_null() {
        return Err(Code::NOT_ENOUGH_MEMORY);
    }
    let host = block
        .wrapping_add(hosts_at)
        .cast::<HostConnectionGroup<W>>();
    let groups = block.wrapping_add(groups_at).cast::<ConnectionGroup>();
    let text = block.wrapping_add(name_at).cast::<W>();
    let result = QueryConnectionGroupResult {
        c_hosts: u32::try_from(hosts).unwrap_or(u32::MAX),
        p_host_connection_groups: if hosts == 0 { null_mut() } else { host },
    };
    // SAFETY: the block was allocated for these parts, each is aligned as it lies behind parts
    // whose sizes are multiples of its alignment, and none overlaps another.
    unsafe {
        block.cast::<QueryConnectionGroupResult<W>>().write(result);
        for (index, (mark, count)) in found.groups.iter().enumerate() {
            groups.wrapping_add(index).write(ConnectionGroup {
                c_connections: *count,
                guid_group: guid(*mark),
            });
        }
        text.copy_from_nonoverlapping(name.as_ptr(), name.len());
        if hosts > 0 {
            host.write(HostConnectionGroup {
                pwsz_host: text,
                c_connection_groups: u32::try_from(found.groups.len()).unwrap_or(u32::MAX),
                p_connection_groups: groups,
            });
        }
    }
    Ok(block.cast())
}
