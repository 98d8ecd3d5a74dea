using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Portcullis.Authority.Clients;

namespace Portcullis.Server.Administration;

/// <summary>The clients, in the API.</summary>
internal static class ClientApi
{
    public static void Map(IEndpointRouteBuilder clients)
    {
        clients.MapGet("/", ListAsync).WithName("listClients").WithSummary("Every client, by id.");
        clients.MapPost("/", AddAsync).WithName("addClient").WithSummary("Add a client; the answer holds its secret, where it has one, this once.").ProducesProblem(400);
        clients.MapGet("/{id}", FindAsync).WithName("getClient").WithSummary("One client.").ProducesProblem(404);
        clients.MapPost("/{id}/secret", ReplaceSecretAsync).WithName("replaceSecret").WithSummary("A new secret; the old one is worth nothing from then on.").ProducesProblem(400);
        clients.MapDelete("/{id}", RemoveAsync).WithName("removeClient").WithSummary("Remove a client, and refuse every token that was issued to it.").ProducesProblem(400);
    }

    private static async Task<Ok<ClientView[]>> ListAsync(ClientAdministration clients, CancellationToken cancellationToken)
        => TypedResults.Ok((await clients.ListAsync(cancellationToken)).Select(ClientView.Of).ToArray());

    private static async Task<Results<Ok<AddedClient>, ProblemHttpResult>> AddAsync(ClientView client, HttpContext context, ClientAdministration clients, CancellationToken cancellationToken)
    {
        var grants = client.Grants.Select(GrantWords.Parse).ToList();
        return grants.Contains(null)
            ? ApiChange.Refuse($"A grant is one of {string.Join(", ", GrantWords.All)}.")
            : await ApiChange.AnswerAsync(context, "client.add", client.Id, clients.AddAsync(Read(client, [.. grants.Select(grant => grant!.Value).Distinct()]), cancellationToken), AddedClient.Of);
    }

    private static async Task<Results<Ok<ClientView>, ProblemHttpResult>> FindAsync(string id, ClientAdministration clients, CancellationToken cancellationToken)
        => await clients.FindAsync(id, cancellationToken) is { } client ? TypedResults.Ok(ClientView.Of(client)) : ApiChange.Missing("client");

    private static Task<Results<Ok<AddedClient>, ProblemHttpResult>> ReplaceSecretAsync(string id, HttpContext context, ClientAdministration clients, CancellationToken cancellationToken)
        => ApiChange.AnswerAsync(context, "client.secret", id, clients.ReplaceSecretAsync(id, cancellationToken), AddedClient.Of);

    private static Task<Results<Ok<ClientView>, ProblemHttpResult>> RemoveAsync(string id, HttpContext context, ClientAdministration clients, CancellationToken cancellationToken)
        => ApiChange.AnswerAsync(context, "client.remove", id, clients.RemoveAsync(id, cancellationToken), ClientView.Of);

    private static ClientInfo Read(ClientView client, IReadOnlyList<ClientGrant> grants) => new()
    {
        Id = client.Id,
        DisplayName = client.DisplayName,
        Grants = grants,
        RedirectUris = client.RedirectUris ?? [],
        Ceiling = client.Ceiling,
        AccessTokenLifetime = client.AccessTokenLifetime is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        SigningAlgorithm = client.SigningAlgorithm,
        Jwks = client.Jwks is { ValueKind: JsonValueKind.Object } jwks ? jwks.GetRawText() : null,
        IsConfidential = client.Confidential,
        IsTrusted = client.Trusted,
    };

    internal sealed record AddedClient(ClientView Client, string? Secret)
    {
        public static AddedClient Of(ClientRegistration registration) => new(ClientView.Of(registration.Client), registration.Secret);
    }
}
