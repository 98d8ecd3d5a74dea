using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using OpenIddict.Abstractions;
using Portcullis.Authority.Keys;
using Portcullis.Authority.People;

namespace Portcullis.Authority.Storage;

/// <summary>A row to write without EF. Columns that are not named hold nothing.</summary>
internal sealed record PlainRow(string Table, params IReadOnlyList<(string Column, object? Value)> Columns);

/// <summary>
/// The rows that a first start makes, as Identity, OpenIddict and EF would write them (a test compares): by these three the start would take twice its time, most of it for models
/// and code that is used once.
/// </summary>
internal static class FirstRows
{
    private const int StampBytes = 20;

    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A client that has no secret, no keys, no properties and no settings.</summary>
    public static PlainRow Of(OpenIddictApplicationDescriptor client) => new(
        "OpenIddictApplications",
        ("Id", Guid.NewGuid().ToString()),
        ("ConcurrencyToken", Guid.NewGuid().ToString()),
        ("ClientId", client.ClientId),
        ("ClientType", client.ClientType),
        ("ApplicationType", client.ApplicationType),
        ("ConsentType", client.ConsentType),
        ("DisplayName", client.DisplayName),
        ("Permissions", Array(client.Permissions)),
        ("RedirectUris", Array(client.RedirectUris.Select(uri => uri.OriginalString))),
        ("Requirements", Array(client.Requirements)));

    /// <summary>A person without a password, and all that hangs on them.</summary>
    public static IReadOnlyList<PlainRow> Of(Person person, Enrolment enrolment) =>
    [
        new(
            "AspNetUsers",
            ("Id", person.Id),
            ("UserName", person.UserName),
            ("NormalizedUserName", person.UserName!.Normalize().ToUpperInvariant()),
            ("IsAdministrator", person.IsAdministrator),
            ("CreatedAt", person.CreatedAt.ToUnixTimeMilliseconds()),
            ("EmailConfirmed", false),
            ("SecurityStamp", Convert.ToHexString(RandomNumberGenerator.GetBytes(StampBytes))),
            ("ConcurrencyStamp", person.ConcurrencyStamp),
            ("PhoneNumberConfirmed", false),
            ("TwoFactorEnabled", false),
            ("LockoutEnabled", true),
            ("AccessFailedCount", 0)),
        .. person.Groups.Select(group => new PlainRow("PersonGroups", ("PersonId", group.PersonId), ("Name", group.Name))),
        new("Enrolments", ("TokenHash", enrolment.TokenHash), ("PersonId", enrolment.PersonId), ("ExpiresAt", enrolment.ExpiresAt.ToUnixTimeMilliseconds())),
    ];

    /// <summary>A key that nothing has replaced.</summary>
    public static PlainRow Of(KeyRow key) => new(
        "SigningKeys",
        ("KeyId", key.KeyId),
        ("Algorithm", key.Algorithm),
        ("ProtectedKey", key.ProtectedKey),
        ("CreatedAt", key.CreatedAt.ToUnixTimeMilliseconds()),
        ("SignsFrom", key.SignsFrom.ToUnixTimeMilliseconds()));

    /// <summary>That the tables have a shape.</summary>
    public static PlainRow Of(SchemaVersionRow version) =>
        new("SchemaVersion", ("Version", version.Version), ("AppliedAt", version.AppliedAt.ToUnixTimeMilliseconds()));

    private static string? Array(IEnumerable<string> values)
    {
        string[] all = [.. values];
        if (all.Length == 0)
        {
            return null;
        }

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, s_json))
        {
            writer.WriteStartArray();
            foreach (var value in all)
            {
                writer.WriteStringValue(value);
            }

            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
