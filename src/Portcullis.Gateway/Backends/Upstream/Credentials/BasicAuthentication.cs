using System.Net.Http.Headers;
using System.Text;

namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>Writes the header of HTTP's Basic scheme (RFC 7617 §2).</summary>
internal static class BasicAuthentication
{
    /// <summary>The header for a user name, which holds no colon, and a password.</summary>
    public static AuthenticationHeaderValue Header(string userName, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{userName}:{password}")));
}
