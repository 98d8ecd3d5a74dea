using Portcullis.Access.Policies;
using Portcullis.Server.Configuration.Yaml;

namespace Portcullis.Server.Configuration.Policies;

/// <summary>Reads <c>policy.yaml</c> into what the compiler takes. Form is checked here, meaning there.</summary>
internal sealed class PolicyReader
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(7);
    private readonly ProblemList _problems;
    private readonly NodeReader _nodes;

    private PolicyReader(ProblemList problems)
    {
        _problems = problems;
        _nodes = new NodeReader(problems);
    }

    /// <summary>Reads and compiles a policy.</summary>
    /// <param name="content">The file's bytes. An empty file is the empty policy.</param>
    /// <param name="file">Its name for messages.</param>
    public static PolicyCheck Read(ReadOnlySpan<byte> content, string file)
    {
        var problems = new ProblemList();
        var definition = new PolicyDefinition();
        if (YamlReader.Read(content, file, problems) is { } root)
        {
            definition = new PolicyReader(problems).Definition(root);
        }
        var policy = AccessPolicy.Compile(definition, out var mistakes);
        foreach (var mistake in mistakes)
        {
            problems.Add(mistake.Location, mistake.Message);
        }
        return problems.IsEmpty
            ? new PolicyCheck(policy, [], [.. policy!.Warnings.Select(warning => new ConfigurationProblem(warning.Location, warning.Message))])
            : new PolicyCheck(null, problems.InOrder(), []);
    }

    private PolicyDefinition Definition(YamlNode root)
    {
        if (_nodes.Mapping(root, "roles", "bindings", "trust", "rules") is not { } entries)
        {
            return new PolicyDefinition();
        }
        return new PolicyDefinition
        {
            Roles = entries.TryGetValue("roles", out var roles) ? Roles(roles) : [],
            Bindings = Each(entries, "bindings", Binding),
            Trust = Each(entries, "trust", Trust),
            Rules = Each(entries, "rules", Rule),
        };
    }

    private IReadOnlyList<T> Each<T>(IReadOnlyDictionary<string, YamlNode> entries, string key, Func<YamlNode, T?> read) where T : class =>
        [.. _nodes.Items(entries.GetValueOrDefault(key)).Select(read).OfType<T>()];

    private IReadOnlyList<RoleDefinition> Roles(YamlNode node)
    {
        if (node is not YamlMapping mapping)
        {
            _problems.Add(node.Location, "here belong the roles, 'name: [ permissions ]'");
            return [];
        }
        return [.. mapping.Entries.Select(entry => Role(new PolicyText(entry.Key.Text, entry.Key.Location), entry.Value))];
    }

    // A list of permissions, or a mapping with the list and what else there is to say.
    private RoleDefinition Role(PolicyText name, YamlNode node)
    {
        if (node is not YamlMapping)
        {
            return new RoleDefinition(name, _nodes.Texts(node));
        }
        var entries = _nodes.Mapping(node, "permissions", "lifetime") ?? new Dictionary<string, YamlNode>();
        return new RoleDefinition(name, _nodes.Texts(entries.GetValueOrDefault("permissions"))) { Lifetime = Lifetime(_nodes.Optional(entries, "lifetime")) };
    }

    private TimeSpan? Lifetime(PolicyText? text)
    {
        if (text is not { } written)
        {
            return null;
        }
        if (Durations.TryParse(written.Value, out var lifetime) && lifetime >= s_shortest && lifetime <= s_longest)
        {
            return lifetime;
        }
        _problems.Add(written.Location, $"'{Shown.Text(written.Value)}' is no lifetime; write a duration such as 90s, 15m or 1h30m, from {Durations.Format(s_shortest)} to {Durations.Format(s_longest)}");
        return null;
    }

    private BindingDefinition? Binding(YamlNode node)
    {
        if (_nodes.Mapping(node, "role", "repositories", "subjects", "issuer") is not { } entries || _nodes.Required(entries, "role", node.Location) is not { } role)
        {
            return null;
        }
        return new BindingDefinition(
            role,
            _nodes.Texts(entries.GetValueOrDefault("repositories")),
            HasKey(node, "subjects") ? _nodes.Texts(entries.GetValueOrDefault("subjects")) : null,
            _nodes.Optional(entries, "issuer"),
            node.Location);
    }

    private TrustDefinition? Trust(YamlNode node)
    {
        if (_nodes.Mapping(node, "issuer", "claims", "permissions", "mode") is not { } entries || _nodes.Required(entries, "issuer", node.Location) is not { } issuer)
        {
            return null;
        }
        var mode = _nodes.Optional(entries, "mode");
        if (mode is { Value: not ("enforce" or "audit") } wrong)
        {
            _problems.Add(wrong.Location, $"'{Shown.Text(wrong.Value)}' is no mode; write enforce or audit");
        }
        return new TrustDefinition(
            issuer,
            entries.TryGetValue("claims", out var claims) ? Claims(claims) : [],
            _nodes.Texts(entries.GetValueOrDefault("permissions")),
            mode is { Value: not "enforce" },
            node.Location);
    }

    private IReadOnlyList<ClaimDefinition> Claims(YamlNode node)
    {
        if (node is not YamlMapping mapping)
        {
            _problems.Add(node.Location, "here belong the claims, 'name: value'");
            return [];
        }
        var claims = new List<ClaimDefinition>();
        foreach (var (name, value) in mapping.Entries)
        {
            if (_nodes.Text(value) is { } text)
            {
                claims.Add(new ClaimDefinition(new PolicyText(name.Text, name.Location), text));
            }
        }
        return claims;
    }

    private RuleDefinition? Rule(YamlNode node)
    {
        if (_nodes.Mapping(node, "repositories", "refs", "deny") is not { } entries)
        {
            return null;
        }
        // A list that is there and empty could mean "nowhere" as well as "everywhere".
        foreach (var key in new[] { "repositories", "refs" })
        {
            if (HasKey(node, key) && entries.GetValueOrDefault(key) is null or YamlSequence { Items.Count: 0 })
            {
                _problems.Add(node.Location, $"'{key}' is empty; leave the key out to mean all of them");
            }
        }
        return new RuleDefinition(
            _nodes.Texts(entries.GetValueOrDefault("repositories")),
            _nodes.Texts(entries.GetValueOrDefault("refs")),
            _nodes.Texts(entries.GetValueOrDefault("deny")),
            node.Location);
    }

    private static bool HasKey(YamlNode node, string key) => ((YamlMapping)node).Find(key) is not null;
}

/// <summary>What came of reading a policy.</summary>
/// <param name="Policy">The policy; null when there is any problem.</param>
/// <param name="Problems">Everything that is wrong.</param>
/// <param name="Warnings">What works and is probably not meant.</param>
internal sealed record PolicyCheck(AccessPolicy? Policy, IReadOnlyList<ConfigurationProblem> Problems, IReadOnlyList<ConfigurationProblem> Warnings);
