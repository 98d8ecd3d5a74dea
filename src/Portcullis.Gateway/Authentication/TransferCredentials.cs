using System.Globalization;
using Portcullis.Gateway.Requests;
using Portcullis.Git.Lfs;
using Portcullis.Git.Names;
using Portcullis.Git.SmartHttp;
using Portcullis.Tokens;
using Portcullis.Tokens.Derivation;

namespace Portcullis.Gateway.Authentication;

/// <summary>
/// The credentials that a Git LFS batch gives with each action: for one object at one address, one way, for some hours. A transfer so survives the token that the
/// batch was asked with; a revocation of that token, or of what it stands on, ends it.
/// </summary>
internal sealed class TransferCredentials(DerivedTokens tokens, GatewayOptions options)
{
    /// <summary>
    /// The header that carries one. Not <c>Authorization</c>: git-lfs adds to an action's headers what <c>http.extraHeader</c> says, and there would be two of them.
    /// </summary>
    public const string Header = "Portcullis-Transfer";

    private const string Download = "lfs-download";
    private const string Upload = "lfs-upload";

    /// <summary>The address of an object: what a client is sent to, and what a credential is for.</summary>
    public string AddressOf(RepositoryPath repository, LfsObjectId id) => $"{options.PublicUrl}/{repository}.git/info/lfs/objects/{id}";

    /// <summary>Makes a credential.</summary>
    /// <param name="token">The token that the batch was asked with.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="transfer">What it is for.</param>
    /// <param name="scope">The one permission that it needs, for this repository alone.</param>
    public string Issue(ValidatedToken token, RepositoryPath repository, LfsTransfer transfer, string scope) => tokens.Derive(new DerivedTokenRequest
    {
        Parent = token,
        Audience = AddressOf(repository, transfer.Object.Id),
        Purpose = $"{(transfer.Direction == LfsDirection.Upload ? Upload : Download)} {transfer.Object.Size.ToString(CultureInfo.InvariantCulture)}",
        Scope = scope,
        Lifetime = options.LfsTransferLifetime,
    });

    /// <summary>Checks a credential against the request that shows it.</summary>
    /// <param name="credential">The header's value.</param>
    /// <param name="route">The request.</param>
    /// <param name="context">What the connection says about its holder.</param>
    /// <param name="transfer">What it is for; null when it isn't valid, or valid for the other way alone.</param>
    public TokenResult Validate(string credential, GitRoute route, TokenContext context, out LfsTransfer? transfer)
    {
        transfer = null;
        var id = route.LfsObject!.Value;
        var result = tokens.Validate(credential, AddressOf(route.Repository, id), context, out var purpose);
        if (!result.IsValid)
        {
            return result;
        }

        var words = purpose.Split(' ');
        var needed = route.Operation == GitOperation.LfsDownload ? Download : Upload;
        if (words is not [var direction, var digits] || direction != needed
            || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
        {
            return result;
        }

        transfer = new LfsTransfer(needed == Upload ? LfsDirection.Upload : LfsDirection.Download, new LfsObject(id, size));
        return result;
    }
}
