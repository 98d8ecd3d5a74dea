using System.Text;
using System.Text.Json;
using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Git.Names;

namespace Portcullis.Fuzz.Targets;

internal static class AccessTargets
{
    private static readonly RepositoryPath s_repository = RepositoryPath.Parse("acme/app");
    private static readonly RefName[] s_refs = [.. new[] { "refs/heads/main", "refs/heads/agent/x", "refs/tags/v1" }.Select(RefName.Parse)];

    public static bool Permissions(byte[] input)
    {
        if (!Permission.TryParse(Encoding.UTF8.GetString(input), out var permission, out var error))
        {
            FuzzFailureException.Unless(error.Message.Length > 0 && error.ToString().All(c => c is >= ' ' and <= '~'), "a refusal says why, in printable ASCII");
            return false;
        }

        FuzzFailureException.Unless(Permission.Parse(permission.ToString()).Equals(permission), "a permission reads back equal");
        FuzzFailureException.Unless(permission.Actions != AccessAction.None, "a permission allows something");
        FuzzFailureException.Unless(permission.Covers(permission), "a permission covers itself");
        return true;
    }

    public static bool AuthorizationDetails(byte[] input)
    {
        JsonDocument parsed;
        try
        {
            parsed = JsonDocument.Parse(input);
        }
        catch (JsonException)
        {
            return false;
        }

        using var document = parsed;
        if (!AuthorizationDetail.TryRead(document.RootElement, out var permission, out _))
        {
            return false;
        }

        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            AuthorizationDetail.Write(writer, permission);
        }

        using var written = JsonDocument.Parse(buffer.WrittenMemory);
        FuzzFailureException.Unless(AuthorizationDetail.TryRead(written.RootElement, out var again, out _) && again.Equals(permission), "a detail reads back equal");
        return true;
    }

    /// <summary>Two scopes, a line each: what both allow is never more than either.</summary>
    public static bool Narrowing(byte[] input)
    {
        var lines = Encoding.UTF8.GetString(input).Split('\n');
        var left = PermissionSet.FromScope(lines[0]);
        var right = PermissionSet.FromScope(lines.Length > 1 ? lines[1] : "");
        var both = left.Intersect(right);
        foreach (var action in new[] { AccessAction.Pull, AccessAction.Create, AccessAction.Update, AccessAction.Force, AccessAction.Delete, AccessAction.Init })
        {
            foreach (var reference in s_refs)
            {
                FuzzFailureException.Unless(
                    !Allows(both, action, reference) || (Allows(left, action, reference) && Allows(right, action, reference)), "narrowing never widens");
                FuzzFailureException.Unless(!Allows(left, action, reference) || Allows(left.Union(right), action, reference), "adding never takes away");
            }
        }

        return both.Count > 0;
    }

    private static bool Allows(PermissionSet permissions, AccessAction action, RefName reference) =>
        RepositoryAccess.For(permissions, AccessPolicy.Empty, s_repository).Decide(action, reference).IsAllowed;
}
