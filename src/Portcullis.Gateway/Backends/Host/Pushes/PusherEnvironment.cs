using Portcullis.Gateway.Requests;

namespace Portcullis.Gateway.Backends.Host.Pushes;

/// <summary>Who pushes, as the reflog and the repository's hooks see it: the token's subject, and never the commit's e-mail.</summary>
internal static class PusherEnvironment
{
    private const int MaxLength = 256;

    /// <summary>The variables.</summary>
    public static List<string> Of(Caller caller, GitRequest request)
    {
        List<string> variables =
        [
            "GIT_COMMITTER_NAME=" + Identity(caller.Subject),
            "GIT_COMMITTER_EMAIL=" + Address(caller),
            "REMOTE_USER=" + Text(caller.Subject),
            "PORTCULLIS_SUBJECT=" + Text(caller.Subject),
            "PORTCULLIS_ISSUER=" + Text(caller.Issuer),
            "PORTCULLIS_TOKEN_ID=" + Text(caller.TokenId),
            "PORTCULLIS_REQUEST_ID=" + request.Id,
            "PORTCULLIS_REPOSITORY=" + request.Route.Repository.Value,
        ];
        if (caller.ClientId is { } client)
        {
            variables.Add("PORTCULLIS_CLIENT_ID=" + Text(client));
        }

        if (caller.Actors.Count > 0)
        {
            variables.Add("PORTCULLIS_ACTOR=" + Text(caller.Actors[0]));
        }

        if (request.RemoteAddress is { } address)
        {
            variables.Add("REMOTE_ADDR=" + address);
        }

        return variables;
    }

    private static string Address(Caller caller)
    {
        if (caller.Subject.Contains('@', StringComparison.Ordinal))
        {
            return Identity(caller.Subject);
        }

        var host = Uri.TryCreate(caller.Issuer, UriKind.Absolute, out var issuer) ? issuer.Host : caller.Issuer;
        return Identity(caller.Subject) + "@" + Identity(host);
    }

    // What git would strip from an identity or refuse in it (ident.c).
    private static string Identity(string value)
    {
        var kept = new string([.. Text(value).Where(character => character is not ('<' or '>'))]).Trim(' ', '.', ',', ':', ';', '"', '\'', '\\');
        return kept.Length == 0 ? "unknown" : kept;
    }

    private static string Text(string value) =>
        new([.. value.Where(character => !char.IsControl(character) && !char.IsSurrogate(character)).Take(MaxLength)]);
}
