using System.Reflection;

namespace Portcullis.Tests.Architecture;

/// <summary>The dependency rules of ARCHITECTURE.md. Each failure says what the rule is for.</summary>
public class DependencyTests
{
    private static readonly string[] AspNetCore = ["Microsoft.AspNetCore", "Microsoft.Extensions"];
    private static readonly string[] Databases = ["Microsoft.EntityFrameworkCore", "Microsoft.Data", "Npgsql", "OpenIddict"];

    private static readonly string[] Clocks =
    [
        "System.TimeProvider", "System.Diagnostics.Stopwatch", "System.Threading.Timer", "System.Threading.PeriodicTimer", "System.DateTime.get_UtcNow",
        "System.DateTime.get_Now", "System.DateTimeOffset.get_UtcNow", "System.DateTimeOffset.get_Now", "System.Environment.get_TickCount",
        "System.Environment.get_TickCount64",
    ];

    private static readonly string[] Files =
    [
        "System.IO.File", "System.IO.Directory", "System.IO.FileStream", "System.IO.FileInfo", "System.IO.DirectoryInfo", "System.IO.RandomAccess",
        "System.IO.FileSystemWatcher", "System.IO.MemoryMappedFiles",
    ];

    private static readonly string[] Processes = ["System.Diagnostics.Process", "System.Diagnostics.ProcessStartInfo", "System.Net.", "System.IO.Pipes."];

    [Theory]
    [InlineData("Portcullis.Git")]
    [InlineData("Portcullis.Access", "Portcullis.Git")]
    [InlineData("Portcullis.Tokens")]
    [InlineData("Portcullis.Audit")]
    [InlineData("Portcullis.AspNetCore", "Portcullis.Access", "Portcullis.Tokens", "Portcullis.Git")]
    [InlineData("Portcullis.Gateway", "Portcullis.Git", "Portcullis.Access", "Portcullis.Tokens", "Portcullis.Audit", "Portcullis.AspNetCore")]
    [InlineData("Portcullis.Authority", "Portcullis.Access", "Portcullis.Tokens", "Portcullis.Audit", "Portcullis.Git")]
    [InlineData("Portcullis.CredentialHelper", "Portcullis.Git")]
    public void A_project_refers_to_no_other_of_ours_than_those_named_here(string project, params string[] allowed)
    {
        if (AssemblyFacts.TryRead(project) is { } facts)
        {
            var ours = facts.References.Where(name => name.StartsWith("Portcullis", StringComparison.OrdinalIgnoreCase)).Except(allowed);
            Assert.True(!ours.Any(), $"""
                {project} refers to {string.Join(", ", ours)}.
                An assembly exists where its permitted dependencies differ: the gateway works with any issuer of tokens, so it knows no authority and the authority
                knows no gateway; who validates tokens need not know Git; the audit log takes values only; the credential helper is a small program of its own.
                """);
        }
    }

    [Fact]
    public void Each_project_that_the_rules_name_is_there_or_is_not_built_yet()
        => Assert.All(
            ["Portcullis.Git", "Portcullis.Access", "Portcullis.Tokens", "Portcullis.Audit", "Portcullis.Gateway", "Portcullis.Server", "Portcullis.CredentialHelper"],
            project => Assert.NotNull(AssemblyFacts.TryRead(project)));

    [Fact]
    public void What_an_assembly_uses_is_seen()
    {
        Assert.Contains("Microsoft.IdentityModel.Tokens", AssemblyFacts.TryRead("Portcullis.Tokens")!.References);
        Assert.Contains("System.IO.RandomAccess", AssemblyFacts.TryRead("Portcullis.Audit")!.Types);
        Assert.Contains("System.TimeProvider.GetUtcNow", AssemblyFacts.TryRead("Portcullis.Audit")!.Members);
    }

    [Fact]
    public void Git_uses_the_base_library_alone_without_clock_file_process_or_network()
        => AssertUses("Portcullis.Git", forbidden: [.. AspNetCore, .. Databases, .. Clocks, .. Files, .. Processes], because:
            "It decodes what a peer sends. A decoder that depends on nothing can be fuzzed, reused in the credential helper, and trusted.");

    [Fact]
    public void Access_has_no_clock_no_input_or_output_no_async_and_no_logger()
        => AssertUses(
            "Portcullis.Access",
            forbidden: [.. AspNetCore, .. Databases, .. Clocks, .. Files, .. Processes, "System.Threading.Tasks.", "System.Console", "System.Random", "System.Security.Cryptography."],
            because: "The same question must always have the same answer: in a push, in an advertisement, in explain and in a test.");

    [Fact]
    public void Tokens_uses_no_web_framework_and_no_database()
        => AssertUses("Portcullis.Tokens", forbidden: ["Microsoft.AspNetCore", .. Databases], because:
            "Any program should be able to validate and mint tokens with it, whatever it is built on.");

    [Fact]
    public void Audit_uses_the_base_library_alone()
        => AssertUses("Portcullis.Audit", forbidden: [.. AspNetCore, .. Databases, "Microsoft.IdentityModel", "System.Net.Http", "System.Net.Sockets", "System.Diagnostics.Process"], because:
            "It is given values. A log that could see an HTTP request or a token could write one.");

    [Fact]
    public void The_credential_helper_is_a_small_program_without_a_web_framework()
        => AssertUses("Portcullis.CredentialHelper", forbidden: [.. AspNetCore, .. Databases, "Microsoft.IdentityModel"], because:
            "It lives on people's machines and starts with every command of git: it hands tokens on and never looks into one.");

    [Fact]
    public void Gateway_knows_no_authority_database_or_OAuth_server()
        => AssertUses("Portcullis.Gateway", forbidden: [.. Databases, "Microsoft.IdentityModel", "Microsoft.AspNetCore.Identity", "Microsoft.AspNetCore.Authentication"], because:
            "It works with any issuer of tokens, and goes on working while an authority or its database is away. Tokens alone knows Microsoft.IdentityModel (docs/decisions/0006).");

    [Theory]
    [InlineData("Portcullis.Git")]
    [InlineData("Portcullis.Access")]
    [InlineData("Portcullis.Audit")]
    [InlineData("Portcullis.Server")]
    public void Microsoft_IdentityModel_is_used_by_Tokens_and_an_authority_alone(string project)
        => AssertUses(project, forbidden: ["Microsoft.IdentityModel"], because: "Tokens are validated and minted in one place, in one visible order (docs/decisions/0006).");

    [Fact]
    public void No_type_of_Microsoft_IdentityModel_is_in_a_public_signature_of_Tokens()
    {
        var leaks = typeof(Portcullis.Tokens.TokenValidator).Assembly.GetExportedTypes()
            .SelectMany(type => Signatures(type).Select(used => (type, used)))
            .Where(pair => Parts(pair.used).Any(part => part.Namespace?.StartsWith("Microsoft.IdentityModel", StringComparison.Ordinal) ?? false))
            .Select(pair => $"{pair.type.FullName} shows {pair.used}")
            .ToList();
        Assert.True(leaks.Count == 0, $"""
            {string.Join('\n', leaks)}
            The library changes its types with each major version, and lets a caller switch off what must not be switched off (docs/decisions/0006).
            """);
    }

    private static void AssertUses(string project, string[] forbidden, string because)
    {
        if (AssemblyFacts.TryRead(project) is not { } facts)
        {
            return;
        }

        var used = facts.References.Concat(facts.Types).Concat(facts.Members)
            .Where(name => forbidden.Any(f => name == f || (name.StartsWith(f, StringComparison.Ordinal) && (f.EndsWith('.') || name[f.Length] == '.'))))
            .Order(StringComparer.Ordinal)
            .ToList();
        Assert.True(used.Count == 0, $"{project} uses {string.Join(", ", used)}.\n{because}");
    }

    private static IEnumerable<Type> Signatures(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        return new[] { type.BaseType }.OfType<Type>()
            .Concat(type.GetInterfaces())
            .Concat(type.GetFields(All).Where(f => f.IsPublic || f.IsFamily).Select(f => f.FieldType))
            .Concat(type.GetConstructors(All).Where(c => c.IsPublic || c.IsFamily).SelectMany(c => c.GetParameters()).Select(p => p.ParameterType))
            .Concat(type.GetMethods(All).Where(m => m.IsPublic || m.IsFamily).SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(m.ReturnType)));
    }

    private static IEnumerable<Type> Parts(Type type)
        => type.HasElementType ? Parts(type.GetElementType()!) : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];
}
