using Portcullis.EndToEnd.Harness;
using Portcullis.EndToEnd.Upstreams;
using Portcullis.EndToEnd.Upstreams.WebServers;

namespace Portcullis.EndToEnd.Conformance;

// The suite, on repositories that other servers keep. Clients differ in what they send to the gateway, which makes each request to an upstream anew: once is enough for them.

public sealed class EveryClientBehindNginx(Shared<BehindNginx> shared) : EveryClient(shared.Site), IClassFixture<Shared<BehindNginx>>;

public sealed class ProtocolBehindNginx(Shared<BehindNginx> shared) : Protocol(shared.Site), IClassFixture<Shared<BehindNginx>>;

public sealed class PushRulesBehindNginx(Shared<BehindNginx> shared) : PushRules(shared.Site), IClassFixture<Shared<BehindNginx>>;

public sealed class HiddenRefsBehindNginx(Shared<BehindNginx> shared) : HiddenRefs(shared.Site), IClassFixture<Shared<BehindNginx>>;

public sealed class ProtocolBehindApache(Shared<BehindApache> shared) : Protocol(shared.Site), IClassFixture<Shared<BehindApache>>;

public sealed class PushRulesBehindApache(Shared<BehindApache> shared) : PushRules(shared.Site), IClassFixture<Shared<BehindApache>>;

public sealed class ProtocolBehindPortcullis(Shared<BehindPortcullis> shared) : Protocol(shared.Site), IClassFixture<Shared<BehindPortcullis>>;

public sealed class PushRulesBehindPortcullis(Shared<BehindPortcullis> shared) : PushRules(shared.Site), IClassFixture<Shared<BehindPortcullis>>;

public sealed class HiddenRefsBehindPortcullis(Shared<BehindPortcullis> shared) : HiddenRefs(shared.Site), IClassFixture<Shared<BehindPortcullis>>;
