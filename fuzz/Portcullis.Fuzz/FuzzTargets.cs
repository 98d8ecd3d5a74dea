using Portcullis.Fuzz.Targets;
using Portcullis.Git.Credentials;
using Portcullis.Git.Lfs;
using Portcullis.Git.PktLines;
using Portcullis.Tokens.Keys;

namespace Portcullis.Fuzz;

/// <summary>Every decoder of the product that reads what others wrote. A new one takes one line here and a folder of seeds in <c>fuzz/corpus</c>.</summary>
internal static class FuzzTargets
{
    public static readonly IReadOnlyList<FuzzTarget> All =
    [
        new("object-id", NameTargets.ObjectIds),
        new("ref-name", NameTargets.RefNames),
        new("ref-pattern", NameTargets.RefPatterns),
        new("repository-path", NameTargets.RepositoryPaths),
        new("wildcard-pattern", NameTargets.WildcardPatterns),
        new("pkt-line", PktLineTargets.Lines, typeof(PktLineException)),
        new("sideband", PktLineTargets.Sideband, typeof(PktLineException)),
        new("route", SmartHttpTargets.Route),
        new("git-protocol", SmartHttpTargets.ProtocolHeader),
        new("lfs-batch", LfsTargets.Batch, typeof(LfsFormatException)),
        new("lfs-answer", LfsTargets.Answer, typeof(LfsFormatException)),
        new("lfs-locks", LfsTargets.Locks),
        new("lfs-lock-query", LfsTargets.LockQuery),
        new("lfs-pointer", LfsTargets.Pointer),
        new("capability-list", AdvertisementTargets.Capabilities, typeof(PktLineException)),
        new("capability-advertisement", AdvertisementTargets.CapabilityAdvertisement, typeof(PktLineException)),
        new("ref-advertisement", AdvertisementTargets.RefAdvertisement, typeof(PktLineException)),
        new("ref-listing", AdvertisementTargets.Listing, typeof(PktLineException)),
        new("packed-refs", RefFileTargets.Packed),
        new("loose-ref", RefFileTargets.Loose),
        new("command-request", FetchTargets.CommandRequest, typeof(PktLineException)),
        new("fetch-v0", FetchTargets.Version0, typeof(PktLineException)),
        new("receive-pack", PushTargets.Request, typeof(PktLineException)),
        new("report-status", PushTargets.Report, typeof(PktLineException)),
        new("pack-header", PushTargets.PackHeader),
        new("token", TokenTargets.Token, typeof(TokenRefusedException)),
        new("token-content", TokenTargets.Content, typeof(TokenRefusedException)),
        new("key-set", TokenTargets.KeySets, typeof(KeySetFormatException)),
        new("audit-record", AuditTargets.Record),
        new("audit-tail", AuditTargets.Tail),
        new("audit-head", AuditTargets.Head),
        new("audit-keys", AuditTargets.Keys, typeof(FormatException)),
        new("git-credential", CredentialTargets.Message, typeof(CredentialFormatException)),
        new("permission", AccessTargets.Permissions),
        new("authorization-detail", AccessTargets.AuthorizationDetails),
        new("narrowing", AccessTargets.Narrowing),
        new("service-scope", ServiceTargets.Scope),
        new("forwarded-path", ServiceTargets.ForwardedPath),
        new("registry-scope", ServiceTargets.Registry),
        new("revocation-feed", ServiceTargets.Feed),
        new("policy", SettingsTargets.Policy),
        new("policy-cases", SettingsTargets.PolicyCases),
        new("configuration", SettingsTargets.Configuration),
    ];

    public static FuzzTarget? Find(string name) => All.FirstOrDefault(target => target.Name == name);
}
