using System.Text;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>Takes away the Git LFS objects of a repository that nothing in it points to any more.</summary>
/// <remarks>
/// An object goes two weeks after it was brought, or asked for by somebody who was about to bring it, as Git's own objects do (git-gc(1), <c>gc.pruneExpire</c>), and only if no blob in the
/// repository names it: no ref's, and none that git itself still keeps. What names it is read more widely than git-lfs reads pointers, so that one that is written in a way of its own
/// still keeps its object.
/// </remarks>
internal sealed class UnreferencedObjects(GitLauncher git, TimeProvider time)
{
    private static readonly TimeSpan s_grace = TimeSpan.FromDays(14);

    /// <summary>Takes them away.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="GitFailedException">git could not read all: then nothing was taken away.</exception>
    public async Task<int> RemoveAsync(LfsFolder folder, string directory, CancellationToken cancellationToken)
    {
        // Before the repository is read: what comes later is young.
        var limit = time.GetUtcNow() - s_grace;
        var condemned = folder.StoredBefore(limit).ToHashSet();
        if (condemned.Count == 0)
        {
            return 0;
        }

        await foreach (var blob in new SmallBlobs(git).ReadAsync(directory, quarantine: null, hasLowPriority: true, cancellationToken))
        {
            RemoveNamed(blob, condemned);
            if (condemned.Count == 0)
            {
                return 0;
            }
        }

        return condemned.Count(id => folder.Remove(id, limit));
    }

    // Each run of 64 hexadecimal digits.
    private static void RemoveNamed(byte[] blob, HashSet<LfsObjectId> condemned)
    {
        const int Digits = 64;
        var run = 0;
        for (var index = 0; index <= blob.Length; index++)
        {
            if (index < blob.Length && char.IsAsciiHexDigit((char)blob[index]))
            {
                run++;
                continue;
            }

            for (var start = index - run; start + Digits <= index; start++)
            {
                if (LfsObjectId.TryParse(Encoding.ASCII.GetString(blob, start, Digits).ToLowerInvariant(), out var id))
                {
                    condemned.Remove(id);
                }
            }

            run = 0;
        }
    }
}
