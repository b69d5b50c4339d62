//! The 56 functions: how often each is called, and what it may answer.
//!
//! Sources: the error lists of the functions' documentation. Errors that every function may give
//! are in [`EVERYWHERE`]; ERROR_WINHTTP_INTERNAL_ERROR, which documentation allows everywhere too,
//! is a defect here.

/// ERROR_INVALID_HANDLE, ERROR_NOT_ENOUGH_MEMORY, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE.
const EVERYWHERE: &[u32] = &[6, 8, 12018];
const OPTION: &[u32] = &[5, 50, 87, 122, 4317, 12009, 12011, 12019, 12185];
const SEND: &[u32] = &[
    12002, 12005, 12006, 12007, 12017, 12019, 12029, 12030, 12044, 12152, 12157, 12175, 12190,
];
const RECEIVE: &[u32] = &[
    4317, 12002, 12017, 12019, 12030, 12044, 12152, 12157, 12181, 12182, 12183, 12184,
];
const READ: &[u32] = &[12002, 12017, 12019, 12030, 12152, 12183];

/// A function of the C API.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// How often it is called, compared with the others.
    pub(crate) weight: u64,
    /// What it may return at once in any mode.
    immediate: &'static [u32],
    /// What it may end with: returned in synchronous mode, notified in asynchronous mode.
    network: &'static [u32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Function {
    Open,
    CloseHandle,
    Connect,
    OpenRequest,
    SetStatusCallback,
    SetTimeouts,
    SetOption,
    QueryOption,
    CheckPlatform,
    AddRequestHeaders,
    AddRequestHeadersEx,
    SendRequest,
    WriteData,
    ReceiveResponse,
    QueryDataAvailable,
    ReadData,
    ReadDataEx,
    QueryHeaders,
    QueryHeadersEx,
    QueryAuthSchemes,
    SetCredentials,
    CrackUrl,
    CreateUrl,
    TimeFromSystemTime,
    TimeToSystemTime,
    WebSocketCompleteUpgrade,
    WebSocketSend,
    WebSocketReceive,
    WebSocketShutdown,
    WebSocketClose,
    WebSocketQueryCloseStatus,
    GetProxyForUrl,
    DetectAutoProxyConfigUrl,
    CreateProxyResolver,
    GetProxyForUrlEx,
    GetProxyForUrlEx2,
    GetProxyResult,
    GetProxyResultEx,
    FreeProxyResult,
    FreeProxyResultEx,
    ResetAutoProxy,
    GetDefaultProxyConfiguration,
    SetDefaultProxyConfiguration,
    GetIEProxyConfigForCurrentUser,
    GetProxySettingsEx,
    GetProxySettingsResultEx,
    FreeProxySettingsEx,
    ReadProxySettings,
    WriteProxySettings,
    FreeProxySettings,
    GetProxySettingsVersion,
    SetProxySettingsPerUser,
    RegisterProxyChangeNotification,
    UnregisterProxyChangeNotification,
    QueryConnectionGroup,
    FreeQueryConnectionGroupResult,
}

const fn row(
    name: &'static str,
    weight: u64,
    immediate: &'static [u32],
    network: &'static [u32],
) -> Row {
    Row {
        name,
        weight,
        immediate,
        network,
    }
}

/// In the order of [`Function`].
pub(crate) const TABLE: [Row; 56] = [
    row("WinHttpOpen", 2, &[87], &[]),
    row("WinHttpCloseHandle", 8, &[], &[]),
    row("WinHttpConnect", 6, &[87, 12005, 12006], &[]),
    row("WinHttpOpenRequest", 14, &[87, 12005, 12006], &[]),
    row("WinHttpSetStatusCallback", 4, &[], &[]),
    row("WinHttpSetTimeouts", 4, &[87], &[]),
    row("WinHttpSetOption", 16, OPTION, &[]),
    row("WinHttpQueryOption", 16, OPTION, &[]),
    row("WinHttpCheckPlatform", 1, &[], &[]),
    row(
        "WinHttpAddRequestHeaders",
        6,
        &[87, 12019, 12150, 12155],
        &[],
    ),
    row(
        "WinHttpAddRequestHeadersEx",
        4,
        &[87, 12019, 12150, 12155],
        &[],
    ),
    row("WinHttpSendRequest", 24, &[87, 120, 4317], SEND),
    row(
        "WinHttpWriteData",
        8,
        &[87, 4317],
        &[12002, 12017, 12019, 12030, 12157],
    ),
    row("WinHttpReceiveResponse", 14, &[], RECEIVE),
    row("WinHttpQueryDataAvailable", 8, &[4317], READ),
    row("WinHttpReadData", 10, &[87, 4317], READ),
    row("WinHttpReadDataEx", 6, &[87, 4317], READ),
    row("WinHttpQueryHeaders", 8, &[87, 122, 12019, 12150], &[]),
    row("WinHttpQueryHeadersEx", 6, &[87, 122, 12019, 12150], &[]),
    row("WinHttpQueryAuthSchemes", 2, &[87, 4317], &[]),
    row("WinHttpSetCredentials", 2, &[87, 12019], &[]),
    row("WinHttpCrackUrl", 4, &[87, 122, 12005, 12006], &[]),
    row("WinHttpCreateUrl", 4, &[87, 122], &[]),
    row("WinHttpTimeFromSystemTime", 2, &[87], &[]),
    row("WinHttpTimeToSystemTime", 2, &[87], &[]),
    row("WinHttpWebSocketCompleteUpgrade", 14, RECEIVE, &[]),
    row(
        "WinHttpWebSocketSend",
        90,
        &[87, 4317, 12002, 12017, 12030, 12152],
        &[],
    ),
    row(
        "WinHttpWebSocketReceive",
        90,
        &[87, 4317, 12002, 12017, 12030, 12152],
        &[],
    ),
    row(
        "WinHttpWebSocketShutdown",
        12,
        &[87, 4317, 12002, 12017, 12030, 12152],
        &[],
    ),
    row(
        "WinHttpWebSocketClose",
        12,
        &[87, 4317, 12002, 12017, 12030, 12152],
        &[],
    ),
    row(
        "WinHttpWebSocketQueryCloseStatus",
        10,
        &[87, 122, 4317],
        &[],
    ),
    row(
        "WinHttpGetProxyForUrl",
        1,
        &[87, 12005, 12006, 12017, 12166, 12167, 12178, 12180],
        &[],
    ),
    row("WinHttpDetectAutoProxyConfigUrl", 1, &[87, 12180], &[]),
    row("WinHttpCreateProxyResolver", 2, &[87], &[]),
    row(
        "WinHttpGetProxyForUrlEx",
        2,
        &[87, 997, 4317, 12180],
        &[12017, 12180],
    ),
    row(
        "WinHttpGetProxyForUrlEx2",
        2,
        &[87, 997, 4317, 12180],
        &[12017, 12180],
    ),
    row("WinHttpGetProxyResult", 1, &[87, 12019], &[]),
    row("WinHttpGetProxyResultEx", 1, &[87, 12019], &[]),
    row("WinHttpFreeProxyResult", 1, &[], &[]),
    row("WinHttpFreeProxyResultEx", 1, &[], &[]),
    row("WinHttpResetAutoProxy", 1, &[87], &[]),
    row("WinHttpGetDefaultProxyConfiguration", 1, &[87], &[]),
    row("WinHttpSetDefaultProxyConfiguration", 1, &[87], &[]),
    row("WinHttpGetIEProxyConfigForCurrentUser", 1, &[2, 87], &[]),
    row("WinHttpGetProxySettingsEx", 1, &[87, 997], &[]),
    row("WinHttpGetProxySettingsResultEx", 1, &[87, 12019], &[]),
    row("WinHttpFreeProxySettingsEx", 1, &[87], &[]),
    row("WinHttpReadProxySettings", 1, &[87], &[]),
    row("WinHttpWriteProxySettings", 1, &[87], &[]),
    row("WinHttpFreeProxySettings", 1, &[], &[]),
    row("WinHttpGetProxySettingsVersion", 1, &[87], &[]),
    row("WinHttpSetProxySettingsPerUser", 1, &[5], &[]),
    row("WinHttpRegisterProxyChangeNotification", 1, &[87], &[]),
    row("WinHttpUnregisterProxyChangeNotification", 1, &[], &[]),
    row("WinHttpQueryConnectionGroup", 1, &[87, 120], &[]),
    row("WinHttpFreeQueryConnectionGroupResult", 1, &[], &[]),
];

pub(crate) const ALL: [Function; 56] = [
    Function::Open,
    Function::CloseHandle,
    Function::Connect,
    Function::OpenRequest,
    Function::SetStatusCallback,
    Function::SetTimeouts,
    Function::SetOption,
    Function::QueryOption,
    Function::CheckPlatform,
    Function::AddRequestHeaders,
    Function::AddRequestHeadersEx,
    Function::SendRequest,
    Function::WriteData,
    Function::ReceiveResponse,
    Function::QueryDataAvailable,
    Function::ReadData,
    Function::ReadDataEx,
    Function::QueryHeaders,
    Function::QueryHeadersEx,
    Function::QueryAuthSchemes,
    Function::SetCredentials,
    Function::CrackUrl,
    Function::CreateUrl,
    Function::TimeFromSystemTime,
    Function::TimeToSystemTime,
    Function::WebSocketCompleteUpgrade,
    Function::WebSocketSend,
    Function::WebSocketReceive,
    Function::WebSocketShutdown,
    Function::WebSocketClose,
    Function::WebSocketQueryCloseStatus,
    Function::GetProxyForUrl,
    Function::DetectAutoProxyConfigUrl,
    Function::CreateProxyResolver,
    Function::GetProxyForUrlEx,
    Function::GetProxyForUrlEx2,
    Function::GetProxyResult,
    Function::GetProxyResultEx,
    Function::FreeProxyResult,
    Function::FreeProxyResultEx,
    Function::ResetAutoProxy,
    Function::GetDefaultProxyConfiguration,
    Function::SetDefaultProxyConfiguration,
    Function::GetIEProxyConfigForCurrentUser,
    Function::GetProxySettingsEx,
    Function::GetProxySettingsResultEx,
    Function::FreeProxySettingsEx,
    Function::ReadProxySettings,
    Function::WriteProxySettings,
    Function::FreeProxySettings,
    Function::GetProxySettingsVersion,
    Function::SetProxySettingsPerUser,
    Function::RegisterProxyChangeNotification,
    Function::UnregisterProxyChangeNotification,
    Function::QueryConnectionGroup,
    Function::FreeQueryConnectionGroupResult,
];

/// The function may return this; `waits`: its handle is synchronous, or nobody knows.
pub(crate) fn may_return(function: Function, code: u32, waits: bool) -> bool {
    let row = &TABLE[function as usize];
    code == 0
        || EVERYWHERE.contains(&code)
        || row.immediate.contains(&code)
        || (waits && row.network.contains(&code))
}

/// The function's REQUEST_ERROR may carry this.
pub(crate) fn may_end_with(function: Function, code: u32) -> bool {
    let row = &TABLE[function as usize];
    let web_socket = [12002, 12017, 12030, 12152];
    // What an asynchronous call refuses by its state, it notifies.
    let refused = [8, 4317, 12019];
    if row.name.starts_with("WinHttpWebSocket") {
        web_socket.contains(&code)
    } else {
        row.network.contains(&code)
            || refused.contains(&code)
            || (code == 120 && function == Function::SendRequest)
    }
}
