using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Conformance;

// The suite, on repositories that Portcullis keeps itself.

public sealed class EveryClientOnHost(HostSite site) : EveryClient(site), IClassFixture<HostSite>;

public sealed class ProtocolOnHost(HostSite site) : Protocol(site), IClassFixture<HostSite>;

public sealed class PushRulesOnHost(HostSite site) : PushRules(site), IClassFixture<HostSite>;

public sealed class HiddenRefsOnHost(HostSite site) : HiddenRefs(site), IClassFixture<HostSite>;
