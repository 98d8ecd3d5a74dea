using System.Text.RegularExpressions;
using Portcullis.Tests.Architecture;
using Portcullis.Tokens;

namespace Portcullis.Tests.Tokens;

/// <summary>docs/spec/token.md says what the code does.</summary>
public sealed partial class TokenSpecificationTests
{
    [Fact]
    public void Every_code_of_a_refusal_is_listed_in_the_order_of_the_checks()
    {
        IEnumerable<string> documented = Row().Matches(Section("## Order")).Select(m => m.Groups[1].Value);

        Assert.Equal(Enum.GetValues<TokenError>().Where(e => e != TokenError.None).Select(TokenErrors.Code), documented);
    }

    [Fact]
    public void Every_algorithm_is_listed()
    {
        string section = Section("## Algorithms");

        Assert.All([.. SignatureAlgorithms.Asymmetric, .. SignatureAlgorithms.Symmetric], name => Assert.Contains($"`{name}`", section, StringComparison.Ordinal));
    }

    private static string Section(string heading)
    {
        string text = RepositoryTree.Read("docs/spec/token.md");
        int start = text.IndexOf(heading, StringComparison.Ordinal);
        int end = text.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return text[start..end];
    }

    [GeneratedRegex(@"^\| `([a-z_]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
