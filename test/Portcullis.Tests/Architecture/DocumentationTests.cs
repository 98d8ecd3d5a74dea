using System.Text.RegularExpressions;

namespace Portcullis.Tests.Architecture;

/// <summary>What the documents name exists, and their links lead somewhere.</summary>
public partial class DocumentationTests
{
    [Fact]
    public void Names_in_ARCHITECTURE_exist()
    {
        var code = string.Join('\n', RepositoryTree.Sources.Select(RepositoryTree.Code));
        var missing = Names("ARCHITECTURE.md").Where(name => !Exists(name, code)).ToList();
        Assert.True(missing.Count == 0, $"ARCHITECTURE.md names what is not there (any more): {string.Join(", ", missing)}.");
    }

    [Fact]
    public void ARCHITECTURE_names_every_project()
    {
        var text = RepositoryTree.Read("ARCHITECTURE.md");
        var unnamed = Directory.EnumerateDirectories(Path.Combine(RepositoryTree.Root, "src"))
            .Where(path => Directory.EnumerateFiles(path, "*.csproj").Any())
            .Select(path => Path.GetFileName(path))
            .Where(project => !text.Contains($"`{project}`", StringComparison.Ordinal));
        Assert.True(!unnamed.Any(), $"{string.Join(", ", unnamed)}: add a row to the table of projects in ARCHITECTURE.md, saying what it owns and what it may depend on.");
    }

    [Fact]
    public void Links_in_the_documents_lead_somewhere()
    {
        var broken = RepositoryTree.Documents.SelectMany(document => Link().Matches(RepositoryTree.Read(document))
                .Select(match => match.Groups["target"].Value)
                .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal))
                .Where(target => !Leads(document, target))
                .Select(target => $"{document}: {target}"))
            .ToList();
        Assert.True(broken.Count == 0, "Broken links:\n" + string.Join('\n', broken));
    }

    [Fact]
    public void Decisions_are_numbered_without_a_gap_and_listed()
    {
        var records = RepositoryTree.Documents.Where(path => path.StartsWith("docs/decisions/", StringComparison.Ordinal)).Select(path => path["docs/decisions/".Length..]).ToList();
        Assert.Equal(Enumerable.Range(1, records.Count).Select(n => n.ToString("D4")), records.Select(name => name[..4]));
        var index = RepositoryTree.Read("docs/README.md");
        Assert.All(records, name => Assert.Contains($"(decisions/{name})", index));
    }

    [Fact]
    public void Tests_that_the_threat_model_names_exist()
    {
        var tests = string.Join('\n', RepositoryTree.Tests.Select(RepositoryTree.Read));
        var missing = TestName().Matches(RepositoryTree.Read("docs/security/threat-model.md")).Select(match => match.Groups["name"].Value)
            .Where(name => !Regex.IsMatch(tests, $@"\s{name}\(")).ToList();
        Assert.True(missing.Count == 0, $"The threat model leans on tests that are not there (any more): {string.Join(", ", missing)}.");
    }

    [GeneratedRegex("`(?<name>[A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+){2,})`")]
    private static partial Regex TestName();

    private static IEnumerable<string> Names(string document)
        => Quoted().Matches(RepositoryTree.Read(document)).Select(match => match.Groups["name"].Value).Distinct();

    private static bool Exists(string name, string code)
    {
        if (name.Contains('/'))
        {
            return !TreePath().IsMatch(name) || RepositoryTree.Exists(name);
        }

        if (name.StartsWith("Portcullis.", StringComparison.Ordinal))
        {
            return RepositoryTree.Exists("src/" + name);
        }

        if (!TypeName().IsMatch(name) || name == nameof(TimeProvider))
        {
            return true;
        }

        var parts = name.Split('.');
        return Regex.IsMatch(code, $@"\b((class|struct|record|interface|enum)\s+{parts[0]}\b|{parts[0]} \{{ get)")
            && (parts.Length == 1 || Regex.IsMatch(code, $@"\b{parts[1]}\b"));
    }

    private static bool Leads(string document, string target)
    {
        var parts = target.Split('#', 2);
        var path = parts[0].Length == 0 ? document : Path.Combine(Path.GetDirectoryName(document)!, parts[0]);
        if (!RepositoryTree.Exists(path))
        {
            return false;
        }

        return parts.Length == 1
            || Heading().Matches(RepositoryTree.Read(path)).Any(match => Anchor(match.Groups["text"].Value.Trim()) == parts[1]);
    }

    /// <summary>The anchor that Markdown renderers give a heading.</summary>
    private static string Anchor(string heading)
        => string.Concat(heading.ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_').Select(c => c == ' ' ? '-' : c));

    [GeneratedRegex("`(?<name>[^`\n]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("^(src|test|docs|bench|fuzz)/")]
    private static partial Regex TreePath();

    [GeneratedRegex(@"^[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]+)?$")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\[[^\]\n]*\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (?<text>.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
