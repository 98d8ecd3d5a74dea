using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Access.Policies;

/// <summary>Compiles the <c>trust</c> entries of a policy.</summary>
internal sealed class TrustCompiler(List<PolicyProblem> problems, List<PolicyProblem> warnings)
{
    // Names can be given up and taken by someone else; ids can't.
    private static readonly (string Name, string[] Ids)[] s_names =
    [
        ("repository", ["repository_id", "repository_owner_id"]),
        ("repository_owner", ["repository_owner_id", "repository_id"]),
        ("project_path", ["project_id", "namespace_id"]),
        ("namespace_path", ["namespace_id", "project_id"]),
    ];

    public IReadOnlyList<TrustEntry> Compile(IReadOnlyList<TrustDefinition> definitions) => [.. definitions.Select(Compile)];

    private TrustEntry Compile(TrustDefinition definition)
    {
        if (!Uri.TryCreate(definition.Issuer.Value, UriKind.Absolute, out var issuer) || issuer.Scheme is not ("https" or "http" or "spiffe"))
        {
            Report(definition.Issuer, "an issuer is the exact value of the token's 'iss', such as https://token.actions.githubusercontent.com");
        }
        var claims = CompileClaims(definition);
        var permissions = new List<ScopeWord>();
        foreach (var text in definition.Permissions)
        {
            if (text.Value.AsSpan().ContainsAny('{', '}'))
            {
                Report(text, "placeholders work in roles only; a brace that is meant literally is written %7B or %7D");
            }
            else if (ScopeWord.TryParse(text.Value, out var permission, out var error, $"trust, {definition.Location with { Column = 0 }}"))
            {
                permissions.Add(permission);
            }
            else
            {
                Report(text, $"{error.Message} (at character {error.Position + 1})");
            }
        }
        if (definition.Permissions.Count == 0)
        {
            problems.Add(new(definition.Location, "the entry gives nothing: list its 'permissions'"));
        }
        return new TrustEntry(definition.Issuer.Value, claims, PermissionSet.OfWords(permissions), definition.IsAuditOnly, definition.Location);
    }

    private List<(string, WildcardPattern)> CompileClaims(TrustDefinition definition)
    {
        var claims = new List<(string Name, WildcardPattern Value)>();
        var names = definition.Claims.Select(claim => claim.Name.Value).ToHashSet(StringComparer.Ordinal);
        foreach (var claim in definition.Claims)
        {
            if (claim.Name.Value.Length == 0 || claim.Name.Value == "iss")
            {
                Report(claim.Name, "a claim needs a name, and 'iss' is what 'issuer' says");
            }
            else if (claims.Exists(other => other.Name == claim.Name.Value))
            {
                Report(claim.Name, $"the claim '{claim.Name.Value}' is there twice");
            }
            else if (NamePattern.TryParse(claim.Value.Value, out var pattern, out var problem))
            {
                claims.Add((claim.Name.Value, pattern));
                Warn(claim, pattern, names);
            }
            else
            {
                Report(claim.Value, problem.TrimEnd('.'));
            }
        }
        if (claims.TrueForAll(claim => claim.Value.MatchesEverything) && claims.Count == definition.Claims.Count)
        {
            problems.Add(new(
                definition.Location, "the entry would trust everybody who gets a token from this issuer: name a claim that only the wanted ones have"));
        }
        return claims;
    }

    private void Warn(ClaimDefinition claim, WildcardPattern pattern, HashSet<string> names)
    {
        foreach (var (name, ids) in s_names)
        {
            if (claim.Name.Value == name && !ids.Any(names.Contains))
            {
                warnings.Add(new(
                    claim.Name.Location,
                    $"'{name}' can be given up and taken by somebody else; match {string.Join(" or ", ids.Select(id => $"'{id}'"))} too"));
            }
        }
        // "acme*" also means acme-evil/anything.
        for (var part = 0; part < pattern.Parts.Length - 1; part++)
        {
            if (pattern.Parts[part] is [.., var last] && char.IsLetterOrDigit(last))
            {
                warnings.Add(new(claim.Value.Location, "'*' right after a name also matches longer names; end the name with its separator, as in acme/*"));
                break;
            }
        }
    }

    private void Report(PolicyText text, string message) => problems.Add(new PolicyProblem(text.Location, message));
}
