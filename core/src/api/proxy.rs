//! How servers are reached: directly or through a proxy.

/// How servers are reached (WINHTTP_ACCESS_TYPE_*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyAccess {
    /// DEFAULT_PROXY: the machine's static setting; direct in this version.
    Default,
    /// NO_PROXY.
    Direct,
    /// NAMED_PROXY with its list and bypass list; requests fail with `NotImplemented` in this
    /// version.
    Named {
        /// The proxy list.
        proxy: String,
        /// The bypass list.
        bypass: Option<String>,
    },
    /// AUTOMATIC_PROXY: the user's settings; direct in this version.
    Automatic,
}
