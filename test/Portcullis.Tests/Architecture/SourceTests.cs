using System.Text.RegularExpressions;

namespace Portcullis.Tests.Architecture;

/// <summary>Rules that the compiled assemblies don't show: which file may do what.</summary>
public partial class SourceTests
{
    private static readonly string[] HomelessNames = ["Core", "Common", "Utils", "Utilities", "Helpers", "Extensions", "Misc", "Shared"];

    [Fact]
    public void One_place_starts_processes()
        => AssertOnlyIn(StartsProcess(), "src/Portcullis.Gateway/Backends/Host/Processes/", because:
            "A program is started with a clean environment, constant flags and -- before operands, or not at all; that can be checked in one place only.",
            except: "src/Portcullis.CredentialHelper/Processes/");

    [Fact]
    public void One_place_reads_the_Authorization_header()
        => AssertOnlyIn(ReadsAuthorization(), "src/Portcullis.AspNetCore/Credentials/", because:
            "A check made for one way of sending the token and not for the other is a bypass (CVE-2026-28744), and a header read elsewhere ends up in a log.",
            except: "src/Portcullis.Authority/");

    [Fact]
    public void One_place_reads_the_configuration()
        => AssertOnlyIn(ReadsConfiguration(), "src/Portcullis.Server/Configuration/", because:
            "All mistakes are reported at once, each with its line, before the program starts: a setting read elsewhere is not among them.");

    [Fact]
    public void Backends_know_neither_tokens_nor_policy()
        => AssertNone(
            path => path.StartsWith("src/Portcullis.Gateway/Backends/", StringComparison.Ordinal), KnowsTokensOrPolicy(),
            "A backend takes an authorized request and asks it. What it doesn't know it can't get wrong, and a caller's token never reaches git or a server behind.");

    [Fact]
    public void The_pipeline_knows_no_particular_backend()
        => AssertNone(
            path => Regex.IsMatch(path, "^src/Portcullis.Gateway/(Pipeline|Lfs|Requests|Authentication|Authorization|Refusals|Auditing)/"), KnowsBackend(),
            "Arrows run from backends to the pipeline's contract and never back: another backend must fit without a change to the pipeline.");

    [Fact]
    public void No_folder_has_a_name_that_says_nothing()
    {
        var found = RepositoryTree.Sources.SelectMany(path => path.Split('/')[..^1]).Distinct()
            .Where(folder => HomelessNames.Contains(folder.Split('.')[^1], StringComparer.OrdinalIgnoreCase));
        Assert.True(!found.Any(), $"{string.Join(", ", found)}: such a name is a sign that something has no home yet. Put it where its only user is, or name what it is.");
    }

    [Fact]
    public void The_scans_find_what_they_look_for()
    {
        Assert.Contains(RepositoryTree.Sources, path => StartsProcess().IsMatch(RepositoryTree.Code(path)));
        Assert.Contains(RepositoryTree.Sources, path => ReadsAuthorization().IsMatch(RepositoryTree.Code(path)));
        Assert.Matches(ReadsConfiguration(), "Setup(IConfiguration configuration)");
        Assert.Matches(KnowsTokensOrPolicy(), "using Portcullis.Access.Policies;");
        Assert.Matches(KnowsTokensOrPolicy(), "using Portcullis.Tokens;");
        Assert.Matches(KnowsBackend(), "using Portcullis.Gateway.Backends.Host;");
    }

    private static void AssertOnlyIn(Regex pattern, string folder, string because, string? except = null)
        => AssertNone(
            path => !path.StartsWith(folder, StringComparison.Ordinal) && (except is null || !path.StartsWith(except, StringComparison.Ordinal)),
            pattern, $"Only {folder} may.\n{because}");

    private static void AssertNone(Func<string, bool> concerns, Regex pattern, string because)
    {
        var found = RepositoryTree.Sources.Where(concerns)
            .SelectMany(path => pattern.Matches(RepositoryTree.Code(path)).Select(match => $"{path}: {match.Value}"))
            .Distinct()
            .ToList();
        Assert.True(found.Count == 0, $"{string.Join('\n', found)}\n{because}");
    }

    [GeneratedRegex(@"\bposix_spawn\w*|\bProcess\.Start\b|\bProcessStartInfo\b|\bexecve?p?\b|\bfork\(")]
    private static partial Regex StartsProcess();

    [GeneratedRegex(@"Request\.Headers\.Authorization|Headers\[(HeaderNames\.Authorization|""Authorization"")\]|\.GetTypedHeaders\(\)\.Authorization")]
    private static partial Regex ReadsAuthorization();

    [GeneratedRegex(@"\bIConfiguration(Root|Section|Manager)?\b")]
    private static partial Regex ReadsConfiguration();

    [GeneratedRegex(@"\bPortcullis\.Tokens\b|\bPortcullis\.Access\.(Policies|Permissions)\b|\bAccessPolicy\b|\bTokenValidator\b")]
    private static partial Regex KnowsTokensOrPolicy();

    [GeneratedRegex(@"\bPortcullis\.Gateway\.Backends\.(Host|Upstream)\b")]
    private static partial Regex KnowsBackend();
}
