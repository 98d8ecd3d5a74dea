using Portcullis.EndToEnd.Harness;
using Portcullis.EndToEnd.Upstreams;
using Portcullis.EndToEnd.Upstreams.WebServers;

namespace Portcullis.EndToEnd.Conformance;

// The suite, on repositories that other servers keep. All of it behind each: what a client sends decides what a server behind is asked.

public sealed class EveryClientBehindNginx(Shared<BehindNginx> shared) : EveryClient(shared.Site), IClassFixture<Shared<BehindNginx>>;

public sealed class ProtocolBehindNginx(Shared<BehindNginx> shared) : Protocol(shared.Site), IClassFixture<Shared<BehindNginx>>;

public sealed class PushRulesBehindNginx(Shared<BehindNginx> shared) : PushRules(shared.Site), IClassFixture<Shared<BehindNginx>>;

public sealed class HiddenRefsBehindNginx(Shared<BehindNginx> shared) : HiddenRefs(shared.Site), IClassFixture<Shared<BehindNginx>>;

public sealed class EveryClientBehindApache(Shared<BehindApache> shared) : EveryClient(shared.Site), IClassFixture<Shared<BehindApache>>;

public sealed class ProtocolBehindApache(Shared<BehindApache> shared) : Protocol(shared.Site), IClassFixture<Shared<BehindApache>>;

public sealed class PushRulesBehindApache(Shared<BehindApache> shared) : PushRules(shared.Site), IClassFixture<Shared<BehindApache>>;

public sealed class HiddenRefsBehindApache(Shared<BehindApache> shared) : HiddenRefs(shared.Site), IClassFixture<Shared<BehindApache>>;

public sealed class EveryClientBehindPortcullis(Shared<BehindPortcullis> shared) : EveryClient(shared.Site), IClassFixture<Shared<BehindPortcullis>>;

public sealed class ProtocolBehindPortcullis(Shared<BehindPortcullis> shared) : Protocol(shared.Site), IClassFixture<Shared<BehindPortcullis>>;

public sealed class PushRulesBehindPortcullis(Shared<BehindPortcullis> shared) : PushRules(shared.Site), IClassFixture<Shared<BehindPortcullis>>;

public sealed class HiddenRefsBehindPortcullis(Shared<BehindPortcullis> shared) : HiddenRefs(shared.Site), IClassFixture<Shared<BehindPortcullis>>;
