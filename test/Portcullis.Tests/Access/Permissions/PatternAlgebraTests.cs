using CsCheck;
using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Access.Permissions;

public class PatternAlgebraTests
{
    private static readonly Gen<WildcardPattern> s_pattern =
        Gen.String[Gen.OneOf('a', 'b', '*'), 1, 6].Select(text => WildcardPattern.Parse(text));

    // Every text of up to seven letters of the patterns' alphabet, and one letter that is in none.
    private static readonly string[] s_texts = [.. Texts(7)];

    [Fact]
    public void Intersection_is_exact_on_every_short_text()
    {
        Gen.Select(s_pattern, s_pattern).Sample((left, right) =>
        {
            var both = PatternAlgebra.Intersect(left, right);
            return s_texts.All(text => both.Any(pattern => pattern.IsMatch(text)) == (left.IsMatch(text) && right.IsMatch(text)));
        }, iter: 300);
    }

    [Fact]
    public void Disjoint_is_exact()
    {
        // Two patterns of at most six symbols that share a text share one of at most twelve; a shared star needs no letter.
        Gen.Select(s_pattern, s_pattern).Sample((left, right) =>
        {
            var disjoint = PatternAlgebra.AreDisjoint(left, right);
            var common = s_texts.Any(text => left.IsMatch(text) && right.IsMatch(text));
            return disjoint ? !common && PatternAlgebra.Intersect(left, right).Count == 0 : PatternAlgebra.Intersect(left, right).Count > 0;
        }, iter: 300);
    }

    private static IEnumerable<string> Texts(int longest)
    {
        IEnumerable<string> texts = [""];
        for (var length = 0; length <= longest; length++)
        {
            foreach (var text in texts)
            {
                yield return text;
            }
            texts = [.. texts.SelectMany(text => new[] { text + 'a', text + 'b', text + 'c' })];
        }
    }
}
