namespace Portcullis.Authority.ExternalSignIn;

/// <summary>The provider could not be asked, or its answer could not be trusted. The message is for the person who signs in.</summary>
internal sealed class ProviderException(string message, Exception? inner = null) : Exception(message, inner);
