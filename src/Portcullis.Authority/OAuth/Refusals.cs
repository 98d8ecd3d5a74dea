using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using OpenIddict.Server.AspNetCore;
using Portcullis.Authority.Issuing;

namespace Portcullis.Authority.OAuth;

/// <summary>Says no by the protocol: OpenIddict puts it where the flow wants it.</summary>
internal static class Refusals
{
    public static Task RefuseAsync(HttpContext http, string error, string description) => http.ForbidAsync(
        OpenIddictServerAspNetCoreDefaults.AuthenticationScheme,
        new AuthenticationProperties(new Dictionary<string, string?>
        {
            [OpenIddictServerAspNetCoreConstants.Properties.Error] = error,
            [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = description,
        }));

    public static Task RefuseAsync(HttpContext http, IssuingProblem problem) => RefuseAsync(http, problem.Error, problem.Description);
}
