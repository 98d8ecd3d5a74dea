using Portcullis.Access;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Git.Names;
using Portcullis.Server.Configuration.Yaml;

namespace Portcullis.Server.Configuration.Policies;

/// <summary>Reads the cases of <c>portcullis policy test</c>: a list of who, what and what is expected.</summary>
internal sealed class PolicyCaseReader
{
    private readonly ProblemList _problems;
    private readonly NodeReader _nodes;

    private PolicyCaseReader(ProblemList problems)
    {
        _problems = problems;
        _nodes = new NodeReader(problems);
    }

    /// <summary>Reads cases.</summary>
    /// <param name="content">The file's bytes.</param>
    /// <param name="file">Its name for messages.</param>
    /// <exception cref="ConfigurationException">Something is wrong with the file.</exception>
    public static IReadOnlyList<PolicyCase> Read(ReadOnlySpan<byte> content, string file)
    {
        var problems = new ProblemList();
        var root = YamlReader.Read(content, file, problems);
        var reader = new PolicyCaseReader(problems);
        var cases = reader._nodes.Items(root).Select(reader.Case).OfType<PolicyCase>().ToArray();
        if (cases.Length == 0 && problems.IsEmpty)
        {
            problems.Add(new SourceLocation(file, 1), "there are no cases");
        }
        problems.ThrowIfAny();
        return cases;
    }

    private PolicyCase? Case(YamlNode node)
    {
        if (_nodes.Mapping(
            node, "name", "issuer", "subject", "client", "groups", "roles", "permissions", "claims", "scope", "repository", "action", "ref", "expect") is not { } entries)
        {
            return null;
        }
        var subject = _nodes.Required(entries, "subject", node.Location);
        var scope = Scope(_nodes.Optional(entries, "scope"));
        var isAboutGit = !entries.ContainsKey("scope");
        if (!isAboutGit && (entries.ContainsKey("repository") || entries.ContainsKey("action") || entries.ContainsKey("ref")))
        {
            _problems.Add(node.Location, "a case asks for a 'scope', or for an 'action' in a 'repository'");
        }
        var repository = isAboutGit ? Repository(_nodes.Required(entries, "repository", node.Location)) : null;
        var action = isAboutGit ? Actions(_nodes.Required(entries, "action", node.Location)) : AccessAction.None;
        var reference = isAboutGit ? Reference(_nodes.Optional(entries, "ref")) : null;
        var expected = Expected(_nodes.Required(entries, "expect", node.Location));
        var permissions = entries.TryGetValue("permissions", out var list) ? Permissions(list) : null;
        if (subject is null || (repository is null && scope is null))
        {
            return null;
        }
        var who = new Identity(
            _nodes.Optional(entries, "issuer")?.Value ?? "",
            subject.Value.Value,
            _nodes.Optional(entries, "client")?.Value,
            [.. _nodes.Texts(entries.GetValueOrDefault("roles")).Select(text => text.Value)],
            [.. _nodes.Texts(entries.GetValueOrDefault("groups")).Select(text => text.Value)]);
        return new PolicyCase
        {
            Name = _nodes.Optional(entries, "name")?.Value
                ?? $"{(expected ? "allow" : "deny")} {subject.Value.Value} {(isAboutGit ? $"{AccessActionWords.Format(action)} {repository} {reference}" : $"{scope}")}".TrimEnd(),
            Location = node.Location,
            Who = who,
            Permissions = permissions,
            Claims = entries.TryGetValue("claims", out var claims) ? Claims(claims) : new Dictionary<string, string>(),
            Scope = scope,
            Repository = repository,
            Action = action,
            Reference = reference,
            IsAllowed = expected,
        };
    }

    private ScopeWord? Scope(PolicyText? text)
    {
        if (text is { } given)
        {
            if (ScopeWord.TryParse(given.Value, out var scope, out var error))
            {
                return scope;
            }
            _problems.Add(given.Location, error.ToString());
        }
        return null;
    }

    private RepositoryPath? Repository(PolicyText? text)
    {
        if (text is not { } given)
        {
            return null;
        }
        if (!RepositoryPath.TryParse(given.Value, out var repository, out var problem))
        {
            _problems.Add(given.Location, problem);
        }
        return repository;
    }

    private RefName? Reference(PolicyText? text)
    {
        if (text is { } given)
        {
            if (RefName.TryParse(given.Value, out var reference))
            {
                return reference;
            }
            _problems.Add(given.Location, "a ref is named in full, such as refs/heads/main");
        }
        return null;
    }

    private AccessAction Actions(PolicyText? text)
    {
        var actions = AccessAction.None;
        foreach (var word in text?.Value.Split(',') ?? [])
        {
            if (AccessActionWords.TryParse(word.Trim(), out var action))
            {
                actions |= action;
            }
            else
            {
                _problems.Add(text!.Value.Location, $"'{Shown.Text(word)}' is no action");
            }
        }
        return actions;
    }

    private bool Expected(PolicyText? text)
    {
        if (text is { Value: not ("allow" or "deny") } wrong)
        {
            _problems.Add(wrong.Location, $"'{Shown.Text(wrong.Value)}' is neither allow nor deny");
        }
        return text is { Value: "allow" };
    }

    private PermissionSet Permissions(YamlNode node)
    {
        var permissions = new List<ScopeWord>();
        foreach (var text in _nodes.Texts(node))
        {
            if (ScopeWord.TryParse(text.Value, out var permission, out var error, "token"))
            {
                permissions.Add(permission);
            }
            else
            {
                _problems.Add(text.Location, error.ToString());
            }
        }
        return PermissionSet.OfWords(permissions);
    }

    private Dictionary<string, string> Claims(YamlNode node)
    {
        var claims = new Dictionary<string, string>(StringComparer.Ordinal);
        if (node is not YamlMapping mapping)
        {
            _problems.Add(node.Location, "here belong the claims, 'name: value'");
            return claims;
        }
        foreach (var (name, value) in mapping.Entries)
        {
            if (_nodes.Text(value) is { } text)
            {
                claims[name.Text] = text.Value;
            }
        }
        return claims;
    }
}
