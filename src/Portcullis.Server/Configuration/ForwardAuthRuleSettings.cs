using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>Which requests, and what opens them.</summary>
internal sealed record ForwardAuthRuleSettings
{
    /// <summary>The host that the client asks for, without a port; <c>*</c> stands for any characters.</summary>
    public string Host { get; init; } = "*";

    /// <summary>The path, written as it reads unescaped; <c>*</c> stands for any characters, <c>/</c> included, and a last <c>/*</c> for nothing as well.</summary>
    public string Path { get; init; } = "/*";

    /// <summary>The methods, in capitals. None: every method.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>The permissions and scopes that a token needs, all of them.</summary>
    [Permissions]
    public IReadOnlyList<string> Requires { get; init; } = [];
}
