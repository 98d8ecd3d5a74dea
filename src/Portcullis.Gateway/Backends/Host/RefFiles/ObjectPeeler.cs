using System.Text;
using Portcullis.Gateway.Backends.Host.Objects;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Git;

namespace Portcullis.Gateway.Backends.Host.RefFiles;

/// <summary>Finds out what objects stand for: what was pushed just now by a look at its file, the rest by asking git.</summary>
internal static class ObjectPeeler
{
    private const int MaxOutputBytes = 1 << 30;
    private const int MaxFiles = 64;

    /// <summary>Finds out about objects.</summary>
    /// <returns>For each what it stands for, null where it is no annotated tag; or null when one of them can't be read.</returns>
    public static async Task<IReadOnlyDictionary<ObjectId, ObjectId?>?> PeelAsync(
        GitLauncher git, string directory, IReadOnlyCollection<ObjectId> ids, CancellationToken cancellationToken)
    {
        var peeled = new Dictionary<ObjectId, ObjectId?>(ids.Count);
        var unknown = new List<ObjectId>();
        var objects = Path.Combine(directory, "objects");
        foreach (var id in ids)
        {
            if (ids.Count <= MaxFiles && LooseObject.TryRead(objects, id) is { Kind: not "tag" })
            {
                peeled.Add(id, null);
            }
            else
            {
                unknown.Add(id);
            }
        }

        return unknown.Count == 0 || Match(unknown, await AskAsync(git, directory, unknown, cancellationToken), peeled) ? peeled : null;
    }

    private static Task<byte[]> AskAsync(GitLauncher git, string directory, List<ObjectId> ids, CancellationToken cancellationToken)
    {
        var input = new StringBuilder(ids.Count * 44);
        foreach (var id in ids)
        {
            // gitrevisions(7): peeled until it is no tag. What is no tag stays itself.
            input.Append(id).Append("^{}\n");
        }

        return git.RunAsync(
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
    }

    private static bool Match(List<ObjectId> ids, byte[] output, Dictionary<ObjectId, ObjectId?> peeled)
    {
        ReadOnlySpan<byte> rest = output;
        foreach (var id in ids)
        {
            var end = rest.IndexOf((byte)'\n');
            if (end < 0 || !ObjectId.TryParse(rest[..end], out var stands))
            {
                return false;
            }

            peeled.Add(id, stands == id ? null : stands);
            rest = rest[(end + 1)..];
        }

        return rest.IsEmpty;
    }
}
