using System.Text;
using Portcullis.Git.Lfs;

namespace Portcullis.Fuzz.Targets;

internal static class LfsTargets
{
    public static bool Batch(byte[] input)
    {
        var batch = LfsBatchRequest.Parse(input);
        FuzzFailureException.Unless(batch.Objects.Length is > 0 and <= LfsBatchRequest.MaxObjects, "a batch names some objects, and not too many");
        FuzzFailureException.Unless(
            batch.Objects.All(entry => entry.Size >= 0 && LfsObjectId.TryParse(entry.Id.ToString(), out var again) && again == entry.Id), "every object has a valid id and size");
        return true;
    }

    public static bool Answer(byte[] input)
    {
        foreach (var action in LfsBatchAnswer.Parse(input).Values.SelectMany(entry => new[] { entry.Download, entry.Upload, entry.Verify }).OfType<LfsAction>())
        {
            FuzzFailureException.Unless(action.Address.Scheme is "http" or "https" && action.Address.UserInfo.Length == 0, "an action's address can be followed");
            FuzzFailureException.Unless(action.Headers.All(header => !header.Key.Concat(header.Value).Any(char.IsControl)), "no header of an action holds a control character");
        }

        return true;
    }

    /// <summary>One body, read as each of the requests about locks.</summary>
    public static bool Locks(byte[] input)
    {
        var accepted = false;
        foreach (var read in (Action<byte[]>[])[
            body => FuzzFailureException.Unless(LfsLockPath.IsValid(LfsLockRequest.Parse(body).Path), "a lock has a valid path"),
            body => LfsUnlockRequest.Parse(body),
            body => FuzzFailureException.Unless(LfsVerifyLocksRequest.Parse(body).Limit is null or >= 0, "a limit is no negative number"),
            body => LfsVerifyRequest.Parse(body)])
        {
            try
            {
                read(input);
                accepted = true;
            }
            catch (LfsFormatException)
            {
                // Another of the four may read it.
            }
        }

        return accepted;
    }

    public static bool LockQuery(byte[] input)
    {
        var isQuery = LfsLockQuery.TryParse(Encoding.Latin1.GetString(input), out var query);
        FuzzFailureException.Unless(!isQuery || query!.Path is null || LfsLockPath.IsValid(query.Path), "a path in a query is one that a lock can have");
        return isQuery;
    }

    public static bool Pointer(byte[] input)
    {
        var isPointer = LfsPointer.TryParse(input, out var pointed);
        FuzzFailureException.Unless(!isPointer || Encoding.ASCII.GetString(input).Contains($"oid sha256:{pointed.Id}\nsize {pointed.Size}", StringComparison.Ordinal), "a pointer says what was read from it");
        return isPointer;
    }
}
