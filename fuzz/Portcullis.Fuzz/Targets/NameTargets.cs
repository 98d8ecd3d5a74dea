using System.Text;
using Portcullis.Git;
using Portcullis.Git.Names;

namespace Portcullis.Fuzz.Targets;

internal static class NameTargets
{
    public static bool ObjectIds(byte[] input)
    {
        var isId = ObjectId.TryParse(input, out var id);
        FuzzFailureException.Unless(!isId || id.ToString() == Encoding.ASCII.GetString(input), "an id prints as it was read");
        return isId;
    }

    public static bool RefNames(byte[] input)
    {
        if (!RefName.TryParse(input, out var name))
        {
            return false;
        }

        FuzzFailureException.Unless(name.ToUtf8().AsSpan().SequenceEqual(input), "a ref name prints as it was read");
        FuzzFailureException.Unless(RefName.TryParse(name.Value, out var again) && again.Equals(name), "bytes and text are read the same");
        FuzzFailureException.Unless(!name.Value.Any(c => c is <= ' ' or ':' or '*' or '\x7f'), "no control character or pattern is in a ref name");
        return true;
    }

    public static bool WildcardPatterns(byte[] input)
    {
        if (!WildcardPattern.TryParse(Encoding.UTF8.GetString(input), out var pattern, out var problem))
        {
            FuzzFailureException.Unless(!string.IsNullOrEmpty(problem.Message), "a refusal says why");
            return false;
        }

        FuzzFailureException.Unless(WildcardPattern.Parse(pattern.ToString()).Equals(pattern), "a pattern reads back equal");
        var example = string.Join("x/", pattern.Parts);
        FuzzFailureException.Unless(pattern.IsMatch(example), "a pattern matches what its stars are replaced by");
        FuzzFailureException.Unless(pattern.IsMatch(Encoding.UTF8.GetBytes(example)), "bytes and text are matched the same");
        FuzzFailureException.Unless(pattern.Covers(pattern) && WildcardPattern.Everything.Covers(pattern), "covering is reflexive, and everything covers all");
        return true;
    }

    public static bool RefPatterns(byte[] input)
    {
        if (!RefPattern.TryParse(Encoding.UTF8.GetString(input), out var pattern, out var problem))
        {
            FuzzFailureException.Unless(!string.IsNullOrEmpty(problem.Message), "a refusal says why");
            return false;
        }

        FuzzFailureException.Unless(RefPattern.Parse(pattern.ToString()).Equals(pattern), "a pattern reads back equal");
        return true;
    }

    public static bool RepositoryPaths(byte[] input)
    {
        if (!RepositoryPath.TryParse(Encoding.UTF8.GetString(input), out var path, out var problem))
        {
            FuzzFailureException.Unless(!string.IsNullOrEmpty(problem), "a refusal says why");
            return false;
        }

        FuzzFailureException.Unless(!path.Value.Split('/').Contains(".."), "no path climbs");
        FuzzFailureException.Unless(Path.GetFullPath(path.Value + ".git", "/root").StartsWith("/root/", StringComparison.Ordinal), "a path stays below its root");
        return true;
    }
}
