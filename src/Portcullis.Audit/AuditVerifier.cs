using Portcullis.Audit.Files;
using Portcullis.Audit.Reading;

namespace Portcullis.Audit;

/// <summary>Checks a folder's logs against public keys alone (docs/spec/audit.md). Streams: memory does not grow with the log.</summary>
public static class AuditVerifier
{
    /// <summary>Verifies every node's chain in a folder. The log may be in use.</summary>
    /// <param name="directory">The log's folder.</param>
    /// <param name="keys">The public keys that may have signed.</param>
    /// <param name="options">How strictly.</param>
    /// <param name="progress">Told the number of bytes read so far, file by file.</param>
    /// <param name="cancellationToken">Ends the verification.</param>
    /// <exception cref="IOException">A file can't be read.</exception>
    public static async Task<AuditVerification> VerifyAsync(
        string directory,
        AuditKeySet keys,
        AuditVerificationOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        options ??= new AuditVerificationOptions();
        var problems = new ProblemList(options.MaxProblems);
        var nodes = new List<AuditNodeSummary>();

        // The heads first: whatever is written meanwhile, the files are then at least as long as the heads say.
        var heads = Heads(directory, options);
        var files = LogFileName.List(directory);
        long bytes = 0;
        foreach (var node in files.Select(file => file.Node).Union(heads.Select(head => head.Node)).Order(StringComparer.Ordinal))
        {
            var check = new ChainCheck(directory, node, keys, options, problems, [.. heads.Where(head => head.Node == node)]);
            foreach (var file in files.Where(file => file.Node == node))
            {
                await check.ReadAsync(file, cancellationToken).ConfigureAwait(false);
                progress?.Report(bytes += new FileInfo(Path.Combine(directory, file.FileName)).Length);
            }

            nodes.Add(check.Finish());
        }

        return new AuditVerification
        {
            Problems = problems.Listed,
            FurtherProblems = problems.Further,
            Nodes = nodes,
            SetAside = [.. Directory.EnumerateFiles(directory, "*" + LogFolder.TornExtension).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)],
        };
    }

    private static List<HeadCheck> Heads(string directory, AuditVerificationOptions options)
    {
        var heads = new List<HeadCheck>();
        foreach (var path in Directory.EnumerateFiles(directory, "*" + HeadFile.Extension))
        {
            var node = Path.GetFileNameWithoutExtension(path);
            if (LogFileName.IsNodeName(node))
            {
                var isRead = AuditHead.TryParse(HeadFile.Read(directory, node), out var head);
                heads.Add(new HeadCheck(node, Path.GetFileName(path), isRead ? head : null));
            }
        }

        heads.AddRange(options.Witnesses.Select(head => new HeadCheck(head.Node, $"witness of {head.Node} at {head.Count}", head)));
        return heads;
    }
}
