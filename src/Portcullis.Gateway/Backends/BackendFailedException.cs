using Portcullis.Gateway.Refusals;

namespace Portcullis.Gateway.Backends;

/// <summary>A backend can't even say whether a repository exists. The refusal is what the caller is told.</summary>
internal sealed class BackendFailedException(Refusal refusal, Exception inner) : Exception(refusal.Text, inner)
{
    /// <summary>What the caller is told.</summary>
    public Refusal Refusal => refusal;
}
