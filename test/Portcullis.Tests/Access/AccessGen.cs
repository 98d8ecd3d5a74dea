using CsCheck;
using Portcullis.Access;
using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.Tests.Access;

/// <summary>Small worlds: few letters, so that patterns and names meet often.</summary>
internal static class AccessGen
{
    private static readonly Gen<string> s_word = Gen.OneOf("a", "b", "ab", "ba", "aa", "x");

    public static readonly Gen<string> RepositoryText = s_word.Array[1, 3].Select(parts => string.Join('/', parts));

    public static readonly Gen<RepositoryPath> Repository = RepositoryText.Select(RepositoryPath.Parse);

    public static readonly Gen<RefName> Ref =
        Gen.Select(Gen.OneOf("heads", "tags", "a"), s_word.Array[1, 3]).Select((kind, parts) => RefName.Parse($"refs/{kind}/{string.Join('/', parts)}"));

    private static readonly Gen<string> s_wild = Gen.OneOf("a", "b", "*", "*", "/", "ab", "*a", "a/", "/b");

    public static readonly Gen<string> RepositoryPatternText = Gen.Frequency(
        (1, RepositoryText),
        (3, s_wild.Array[1, 4].Select(string.Concat).Where(text => RepositoryPattern.TryParse(text, out _))));

    public static readonly Gen<string> RefPatternText = Gen.Frequency(
        (1, Ref.Select(reference => reference.Value)),
        (1, Gen.OneOf("*", "refs/*", "refs/heads/*", "refs/tags/*")),
        (3, Gen.Select(Gen.OneOf("refs/heads/", "refs/", "*", "refs/*/"), s_wild.Array[1, 4])
            .Select((start, rest) => start + string.Concat(rest)).Where(text => RefPattern.TryParse(text, out _))));

    public static readonly Gen<AccessAction> Action = Gen.OneOf(
        AccessAction.Pull, AccessAction.Create, AccessAction.Update, AccessAction.Force, AccessAction.Delete, AccessAction.Init);

    public static readonly Gen<AccessAction> Actions = Gen.Int[1, 63].Select(bits => (AccessAction)bits);

    public static readonly Gen<Permission> Permission =
        Gen.Select(RepositoryPatternText, RefPatternText.Array[0, 3], RefPatternText.Array[0, 2], Actions)
            .Select((repository, included, excluded, actions) =>
            {
                var refs = included.Length == 0 ? [] : included.Concat(excluded.Select(text => "^" + text)).ToArray();
                return Portcullis.Access.Permissions.Permission.Parse(
                    $"git:{repository}{(refs.Length == 0 ? "" : "@")}{string.Join(',', refs)}:{AccessActionWords.Format(actions)}");
            });

    public static readonly Gen<PermissionSet> Permissions = Permission.List[0, 4].Select(list => PermissionSet.Of(list));
}
