using System.Text;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Git;

namespace Portcullis.Gateway.Backends.Host.RefFiles;

/// <summary>Asks git what objects stand for.</summary>
internal static class ObjectPeeler
{
    private const int MaxOutputBytes = 1 << 30;

    /// <summary>Asks about objects.</summary>
    /// <returns>For each what it stands for, null where it is no annotated tag; or null when one of them can't be read.</returns>
    public static async Task<IReadOnlyDictionary<ObjectId, ObjectId?>?> PeelAsync(
        GitLauncher git, string directory, IReadOnlyCollection<ObjectId> ids, CancellationToken cancellationToken)
    {
        var input = new StringBuilder(ids.Count * 44);
        foreach (var id in ids)
        {
            // gitrevisions(7): peeled until it is no tag. What is no tag stays itself.
            input.Append(id).Append("^{}\n");
        }

        var output = await git.RunAsync(
            new GitInvocation
            {
                Subcommand = "cat-file",
                Arguments = ["--batch-check=%(objectname)"],
                Directory = directory,
                Environment = ["GIT_DIR=" + directory],
            },
            Encoding.ASCII.GetBytes(input.ToString()),
            MaxOutputBytes,
            cancellationToken);
        return Match(ids, output);
    }

    private static Dictionary<ObjectId, ObjectId?>? Match(IReadOnlyCollection<ObjectId> ids, byte[] output)
    {
        var peeled = new Dictionary<ObjectId, ObjectId?>(ids.Count);
        ReadOnlySpan<byte> rest = output;
        foreach (var id in ids)
        {
            var end = rest.IndexOf((byte)'\n');
            if (end < 0 || !ObjectId.TryParse(rest[..end], out var stands))
            {
                return null;
            }

            peeled.Add(id, stands == id ? null : stands);
            rest = rest[(end + 1)..];
        }

        return rest.IsEmpty ? peeled : null;
    }
}
