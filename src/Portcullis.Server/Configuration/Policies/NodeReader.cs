using Portcullis.Access;
using Portcullis.Access.Policies;
using Portcullis.Server.Configuration.Yaml;

namespace Portcullis.Server.Configuration.Policies;

/// <summary>Takes keys out of mappings, with a problem for everything that is not as it should be.</summary>
internal sealed class NodeReader(ProblemList problems)
{
    /// <summary>The entries of a mapping by key; a key that is not among the known ones is reported.</summary>
    public IReadOnlyDictionary<string, YamlNode>? Mapping(YamlNode node, params IReadOnlyList<string> known)
    {
        if (node is not YamlMapping mapping)
        {
            problems.Add(node.Location, $"here belong the keys {string.Join(", ", known)}");
            return null;
        }
        var entries = new Dictionary<string, YamlNode>(StringComparer.Ordinal);
        foreach (var (key, value) in mapping.Entries)
        {
            if (!known.Contains(key.Text))
            {
                problems.Add(key.Location, Spelling.Nearest(key.Text, known) is { } nearest
                    ? $"there is no '{Shown.Text(key.Text)}' here; did you mean '{nearest}'?"
                    : $"there is no '{Shown.Text(key.Text)}' here; known are {string.Join(", ", known)}");
            }
            else if (value is not YamlScalar { IsNull: true })
            {
                entries.Add(key.Text, value);
            }
        }
        return entries;
    }

    /// <summary>The items of a list; none when the key is not there.</summary>
    public IReadOnlyList<YamlNode> Items(YamlNode? node)
    {
        if (node is null or YamlSequence)
        {
            return ((YamlSequence?)node)?.Items ?? [];
        }
        problems.Add(node.Location, "here belongs a list, [a, b]");
        return [];
    }

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<PolicyText> Texts(YamlNode? node) => [.. Items(node).Select(Text).OfType<PolicyText>()];

    /// <summary>A single text; null with a problem for anything else.</summary>
    public PolicyText? Text(YamlNode node)
    {
        if (node is YamlScalar { IsNull: false } scalar)
        {
            return new PolicyText(scalar.Text, scalar.Location);
        }
        problems.Add(node.Location, node is YamlMapping
            ? "here belongs a single text; one with {braces} or ': ' in it stands in quotes"
            : "here belongs a single text");
        return null;
    }

    /// <summary>A text that has to be there.</summary>
    public PolicyText? Required(IReadOnlyDictionary<string, YamlNode> entries, string key, SourceLocation location)
    {
        if (entries.TryGetValue(key, out var node))
        {
            return Text(node);
        }
        problems.Add(location, $"'{key}' is missing");
        return null;
    }

    /// <summary>A text that may be left out.</summary>
    public PolicyText? Optional(IReadOnlyDictionary<string, YamlNode> entries, string key) =>
        entries.TryGetValue(key, out var node) ? Text(node) : null;
}
