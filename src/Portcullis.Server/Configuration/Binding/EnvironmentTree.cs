namespace Portcullis.Server.Configuration.Binding;

/// <summary>The environment variables <c>PORTCULLIS__SECTION__KEY__0</c> as a tree. Empty ones count as not set, as container platforms leave them.</summary>
internal sealed class EnvironmentTree
{
    /// <summary>What the variables begin with.</summary>
    public const string Prefix = "PORTCULLIS__";

    private readonly SortedDictionary<string, EnvironmentTree> _children = new(StringComparer.OrdinalIgnoreCase);

    private EnvironmentTree(string variable) => Variable = variable;

    /// <summary>The variable, or the beginning that several share.</summary>
    public string Variable { get; }

    /// <summary>The value set here.</summary>
    public string? Value { get; private set; }

    public IReadOnlyDictionary<string, EnvironmentTree> Children => _children;

    public static EnvironmentTree From(IReadOnlyDictionary<string, string> environment, ProblemList problems)
    {
        var root = new EnvironmentTree("PORTCULLIS");
        foreach (var (name, value) in environment.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || value.Length == 0)
            {
                continue;
            }
            var node = root;
            foreach (var part in name[Prefix.Length..].Split("__"))
            {
                if (!node._children.TryGetValue(part, out var child))
                {
                    child = new EnvironmentTree($"{node.Variable}__{part}");
                    node._children.Add(part, child);
                }
                node = child;
            }
            if (node.Value is not null)
            {
                problems.Add(new(name, 0), $"{node.Variable} sets the same, spelt with other capitals");
            }
            node.Value = value;
        }
        return root;
    }
}
