using Portcullis.EndToEnd.Upstreams;
using Portcullis.EndToEnd.Upstreams.WebServers;

namespace Portcullis.EndToEnd.Conformance;

// The suite, on repositories that other servers keep. Clients differ in what they send to the gateway, which makes each request to an upstream anew: once is enough for them.

public sealed class EveryClientBehindNginx(BehindNginx site) : EveryClient(site), IClassFixture<BehindNginx>;

public sealed class ProtocolBehindNginx(BehindNginx site) : Protocol(site), IClassFixture<BehindNginx>;

public sealed class PushRulesBehindNginx(BehindNginx site) : PushRules(site), IClassFixture<BehindNginx>;

public sealed class HiddenRefsBehindNginx(BehindNginx site) : HiddenRefs(site), IClassFixture<BehindNginx>;

public sealed class ProtocolBehindApache(BehindApache site) : Protocol(site), IClassFixture<BehindApache>;

public sealed class PushRulesBehindApache(BehindApache site) : PushRules(site), IClassFixture<BehindApache>;

public sealed class ProtocolBehindPortcullis(BehindPortcullis site) : Protocol(site), IClassFixture<BehindPortcullis>;

public sealed class PushRulesBehindPortcullis(BehindPortcullis site) : PushRules(site), IClassFixture<BehindPortcullis>;

public sealed class HiddenRefsBehindPortcullis(BehindPortcullis site) : HiddenRefs(site), IClassFixture<BehindPortcullis>;
