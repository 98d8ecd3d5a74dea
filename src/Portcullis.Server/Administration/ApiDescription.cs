using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Portcullis.Authority.Issuing;

namespace Portcullis.Server.Administration;

/// <summary>What the OpenAPI description says beyond the addresses and their types.</summary>
internal static class ApiDescription
{
    private const string Scheme = "oauth2";

    /// <summary>Sets it up.</summary>
    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, context, _) =>
        {
            var issuer = ((Installation)context.ApplicationServices.GetService(typeof(Installation))!).Issuer;
            document.Info = new OpenApiInfo
            {
                Title = "Portcullis administration",
                Version = "v1",
                Description = $"Users, clients, keys and revocations. Every request takes a token of this server, as Authorization: Bearer, with the scope {AdministrationScope.Word}, which is given to "
                    + "administrators alone. Every change and every refusal is in the audit log.",
            };
            document.Servers = [new OpenApiServer { Url = issuer }];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                [Scheme] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.OAuth2,
                    Flows = new OpenApiOAuthFlows
                    {
                        AuthorizationCode = new OpenApiOAuthFlow
                        {
                            AuthorizationUrl = new Uri($"{issuer}/oauth/authorize"),
                            TokenUrl = new Uri($"{issuer}/oauth/token"),
                            Scopes = new Dictionary<string, string> { [AdministrationScope.Word] = "administer this installation" },
                        },
                    },
                },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [AdministrationScope.Word] }];
            return Task.CompletedTask;
        });
    }
}
