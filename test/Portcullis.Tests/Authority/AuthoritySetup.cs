using Microsoft.Extensions.DependencyInjection;
using Portcullis.Access;
using Portcullis.Access.Policies;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Keys;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Authority;

/// <summary>What an authority has in tests and in measurements.</summary>
internal static class AuthoritySetup
{
    public const string Password = "correct horse battery";

    private static readonly SourceLocation s_here = new("policy.yaml", 1);

    /// <summary>The role of whoever works in a repository.</summary>
    public static RoleDefinition Developer { get; } = Role(
        "developer", "git:{repository}:pull", "git:{repository}@refs/heads/*,^refs/heads/main:push", "git:{repository}@refs/heads/users/{sub}/*:push,force,delete");

    public static PolicyText Text(string value) => new(value, s_here);

    public static RoleDefinition Role(string name, params string[] permissions) => new(Text(name), [.. permissions.Select(Text)]);

    public static BindingDefinition Binding(string role, string repositories, params string[] subjects) =>
        new(Text(role), [Text(repositories)], [.. subjects.Select(Text)], null, s_here);

    public static AccessPolicy Compile(PolicyDefinition definition) =>
        AccessPolicy.Compile(definition, out IReadOnlyList<PolicyProblem> problems) ?? throw new InvalidOperationException(string.Join("; ", problems));

    /// <summary>A client that acts for itself, and may exchange.</summary>
    public static ClientInfo ServiceClient(string id) => new() { Id = id, Grants = [ClientGrant.ClientCredentials, ClientGrant.TokenExchange], IsConfidential = true };

    /// <summary>What a gateway in the same process verifies with.</summary>
    public static TokenValidator GatewayOf(IServiceProvider services, string address, TimeProvider clock) => new(
        [new TrustedIssuer { Issuer = address, Audiences = [address], KeySource = services.GetRequiredService<KeyRing>(), Permissions = PermissionSource.Token }],
        clock,
        services.GetRequiredService<IRevocationList>());
}
