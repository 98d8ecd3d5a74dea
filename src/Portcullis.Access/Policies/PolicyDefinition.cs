namespace Portcullis.Access.Policies;

/// <summary>A policy as it is written, each part with its place. <see cref="AccessPolicy.Compile"/> makes it something that can decide.</summary>
public sealed record PolicyDefinition
{
    /// <summary>Named bundles of permissions.</summary>
    public IReadOnlyList<RoleDefinition> Roles { get; init; } = [];

    /// <summary>Who has which role where.</summary>
    public IReadOnlyList<BindingDefinition> Bindings { get; init; } = [];

    /// <summary>What tokens of other issuers are worth, by their claims.</summary>
    public IReadOnlyList<TrustDefinition> Trust { get; init; } = [];

    /// <summary>Guard rails.</summary>
    public IReadOnlyList<RuleDefinition> Rules { get; init; } = [];
}

/// <summary>A text and where it stands.</summary>
/// <param name="Value">The text.</param>
/// <param name="Location">Its place.</param>
public readonly record struct PolicyText(string Value, SourceLocation Location);

/// <summary>A role: permissions in which <c>{repository}</c> and <c>{sub}</c> stand for the binding's repositories and the token's subject.</summary>
/// <param name="Name">How bindings and tokens call it.</param>
/// <param name="Permissions">Its permissions, in the notation.</param>
public sealed record RoleDefinition(PolicyText Name, IReadOnlyList<PolicyText> Permissions)
{
    /// <summary>How long a token may live that gives what this role gives; null: as long as the authority says. It is longer than nothing.</summary>
    public TimeSpan? Lifetime { get; init; }
}

/// <summary>A binding: who has a role where.</summary>
/// <param name="Role">The role's name.</param>
/// <param name="Repositories">Repository patterns: what <c>{repository}</c> stands for.</param>
/// <param name="Subjects">
/// <c>user:</c>, <c>group:</c> and <c>client:</c> with a name in which <c>*</c> is any run of characters. Null: whoever's token names the role.
/// </param>
/// <param name="Issuer">When given, the binding is for tokens of this issuer only.</param>
/// <param name="Location">Its place.</param>
public sealed record BindingDefinition(
    PolicyText Role,
    IReadOnlyList<PolicyText> Repositories,
    IReadOnlyList<PolicyText>? Subjects,
    PolicyText? Issuer,
    SourceLocation Location);

/// <summary>A guard rail.</summary>
/// <param name="Repositories">Repository patterns; empty for every repository.</param>
/// <param name="Refs">Ref patterns, exclusions allowed; empty for every ref.</param>
/// <param name="Deny">Actions, in the notation's words.</param>
/// <param name="Location">Its place.</param>
public sealed record RuleDefinition(
    IReadOnlyList<PolicyText> Repositories, IReadOnlyList<PolicyText> Refs, IReadOnlyList<PolicyText> Deny, SourceLocation Location);

/// <summary>What a token of another issuer is worth when all the claims match.</summary>
/// <param name="Issuer">The token's <c>iss</c>, compared exactly.</param>
/// <param name="Claims">Each must match. At least one must say more than <c>*</c>.</param>
/// <param name="Permissions">What is then allowed.</param>
/// <param name="IsAuditOnly">When set, the entry gives nothing yet: what it would give is only recorded.</param>
/// <param name="Location">Its place.</param>
public sealed record TrustDefinition(
    PolicyText Issuer,
    IReadOnlyList<ClaimDefinition> Claims,
    IReadOnlyList<PolicyText> Permissions,
    bool IsAuditOnly,
    SourceLocation Location);

/// <summary>A claim that must match.</summary>
/// <param name="Name">The claim's name.</param>
/// <param name="Value">The whole value; <c>*</c> is any run of characters.</param>
public sealed record ClaimDefinition(PolicyText Name, PolicyText Value);
