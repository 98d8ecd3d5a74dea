namespace Portcullis.Fuzz;

/// <summary>Runs every kept input through its target.</summary>
internal static class Replay
{
    /// <summary>Runs the inputs of all targets.</summary>
    /// <returns>The failures, one sentence for each; none when all went well.</returns>
    public static IReadOnlyList<string> Run(Corpus corpus)
    {
        var failures = new List<string>();
        foreach (var target in FuzzTargets.All)
        {
            var inputs = corpus.Read(target);
            if (inputs.Count == 0)
            {
                failures.Add($"{target.Name}: there are no seeds in fuzz/corpus/{target.Name}.");
            }

            failures.AddRange(inputs.Select(entry => Check(target, entry.Path, entry.Input)).OfType<string>());
        }

        return failures;
    }

    // Seeds named ok-… must be accepted: a target that rejects everything tests nothing.
    private static string? Check(FuzzTarget target, string path, byte[] input)
    {
        try
        {
            var answer = target.Run(input);
            return Path.GetFileName(path).StartsWith("ok-", StringComparison.Ordinal) && answer != "accepted" ? $"{target.Name}: {path} was rejected: {answer}" : null;
        }
        catch (FuzzFailureException exception)
        {
            return $"{target.Name}: {path}: {exception.Message}";
        }
    }
}
